"""One request as a route sees it: who calls, when, its transaction, and the ways to answer."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, cast
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeVar

from service_kit.access.caller import SYSTEM, Caller
from service_kit.process.origin import Origin
from service_kit.process.secrets import Sealer
from service_kit.process.settings import ServiceSettings
from service_kit.store.database import Database, Transaction
from service_kit.store.running import Reader
from service_kit.web import idempotency, kept_answers, preconditions
from service_kit.web.kept_answers import KeptAnswers
from service_kit.web.pages import PageOf
from service_kit.web.preconditions import EXISTS, MISSING
from service_kit.web.requests import StrictRequest
from service_kit.web.wiring import Part, wiring_of
from service_kit.words.errors import PreconditionFailed, PreconditionRequired
from service_kit.words.identity import new_id

JSON = "application/json"
Settings = TypeVar("Settings", bound=ServiceSettings, default=ServiceSettings)


class AnswerMissing(RuntimeError):
    """A route left its transaction without having made its answer inside it,
    so that the answer could not be stored with it.
    """


class MatchNotHonored(RuntimeError):
    """A move was made although its If-Match was never compared: nothing of it is written."""


async def authenticated(
    request: Request, scopes: Sequence[str] | None, instead: Sequence[str] = ()
) -> Caller:
    """The caller, with all scopes or one that does instead;
    the system's own for operations that are open to anyone.
    """
    if scopes is None:
        return SYSTEM
    caller = await wiring_of(request).authenticator.caller(request.headers.get("authorization"))
    caller.demand(scopes, instead=instead)
    return caller


class Call(Generic[Settings]):
    """What `requires(...)` gives to a route. `at` is the one moment of this request.

    A service says once what its settings are (`Call = service_kit.web.call.Call[Settings]` in its
    `call.py`), and its routes take that.
    """

    def __init__(
        self,
        request: StrictRequest,
        caller: Caller,
        *,
        at: datetime,
        origin: Origin,
        key: idempotency.Key | None,
        scopes: Sequence[str] | None = None,
        instead: Sequence[str] = (),
    ) -> None:
        self.request = request
        self._wiring = wiring_of(request)
        self.caller = caller
        self._scopes = scopes
        self._instead = instead
        self.at = at
        self.origin = origin
        self.key = key
        self.response: Response | None = None
        self.once: Sequence[str] = ()
        # Set by the route of a move; whoever sends it an If-Match is owed the comparison.
        self.honors_match = False
        self.is_matched = False
        self.units: Sequence[str | None] | None = None
        self.has_claimed = False

    async def still_allowed(self) -> Caller:
        """Judge the caller again, for an answer that takes long: what a new request would be
        refused with is raised.

        The token may have expired since the request came, and its client may have lost rights or
        all of them.
        """
        self.caller = await authenticated(self.request, self._scopes, self._instead)
        return self.caller

    @property
    def database(self) -> Database:
        return self._wiring.database

    @property
    def is_form(self) -> bool:
        return self.request.headers.get("content-type", "").startswith("multipart/")

    @property
    def settings(self) -> Settings:
        """The service's settings:
        of the class that the route names, which `Service` sees to at start.
        """
        return cast("Settings", self._wiring.settings)

    @property
    def sealer(self) -> Sealer:
        return self._wiring.sealer

    @property
    def kept_answers(self) -> KeptAnswers:
        return self._wiring.kept_answers

    @property
    def language(self) -> str:
        return self._wiring.messages.preferred(
            self.request.headers.get("accept-language"), default=self.settings.language
        )

    def spoken(self, sentence: str) -> str:
        """A sentence of ours in the caller's language."""
        return self._wiring.messages.spoken(sentence, self.language)

    def part(self, kind: type[Part]) -> Part:
        """The part of this class, or for this port, that the composition root wired,
        such as a client of another service.
        """
        return self._wiring.parts[kind]

    def new_id(self) -> UUID:
        return new_id()

    def transaction(self, *, fingerprint: bytes | None = None) -> "CallTransaction":
        """The transaction of this change. A POST claims its idempotency key on entry and stores the
        answer on exit.

        `fingerprint` replaces that of the body; a form with files that gives none is compared as a
        whole.
        """
        return CallTransaction(self, fingerprint)

    async def kept_answer(self) -> Response | None:
        """What was answered to this request before, for a route that refuses it this time without
        having asked for its key.

        What a route looks at before its transaction may have changed since then: a neighbor is
        silent, a customer was erased.
        """
        if self.key is None or self.has_claimed or self.is_form:
            return None
        async with self.reading() as reader:
            kept = await idempotency.found(reader, self.key)
            return kept.response if kept is not None and await self.sees(reader, kept) else None

    async def sees(self, reader: Reader, kept: idempotency.Kept) -> bool:
        """Whether the caller may still read what was answered:
        what moved since then lies where it lies now.
        """
        may_read = self._wiring.may_read
        can = None if may_read is None else await may_read(reader, self.caller, kept.subjects)
        return kept_answers.is_seen(kept, self.caller) if can is None else can

    def reading(self) -> AbstractAsyncContextManager[Reader]:
        """A connection for single statements."""
        return self.database.reading()

    def require_match(self, version: int, *, names_one: bool = False) -> None:
        """Check If-Match: PreconditionRequired without it, PreconditionFailed when stale;
        `names_one` takes neither `*` nor a list.
        """
        self.is_matched = True
        preconditions.require_match(
            preconditions.sent(self.request, "if-match"), version, names_one=names_one
        )

    def honor_match(self, version: int | None) -> None:
        """Check the If-Match that a move may carry: PreconditionFailed when stale.
        `version` is None for what has no ETag.
        """
        self.is_matched = True
        preconditions.honor_match(preconditions.sent(self.request, "if-match"), version)

    def next_version(self, present: int | None) -> int:
        """The version that a PUT writes which may create: the first one (`If-None-Match: *`), or
        the next one after that which `If-Match` names.

        Raises PreconditionRequired where it says neither, PreconditionFailed where what it says
        does not hold.
        """
        if present is not None:
            if self.creates_only:
                raise PreconditionFailed(EXISTS)
            self.require_match(present)
            return present + 1
        if not self.creates_only and self.carries_match:
            raise PreconditionFailed(MISSING)
        if not self.creates_only:
            raise PreconditionRequired("say If-None-Match: * to create this document")
        return 1

    @property
    def carries_match(self) -> bool:
        """Whether there is an If-Match to compare:
        who would read a version for that alone can spare it otherwise.
        """
        return "if-match" in self.request.headers

    @property
    def is_match_forgotten(self) -> bool:
        """Whether a move carries an If-Match that was not compared."""
        return self.honors_match and not self.is_matched and self.carries_match

    @property
    def creates_only(self) -> bool:
        """Whether a PUT says `If-None-Match: *`, that is: create, never replace."""
        return self.request.headers.get("if-none-match", "").strip() == "*"

    def put(self, view: BaseModel, *, location: str, version: int) -> Response:
        """The answer of a PUT that may create: 201 with its place for a first version."""
        if version == 1:
            return self.created(view, location=location, version=version)
        return self.answer(view, version=version)

    def answer(
        self,
        view: BaseModel | bytes,
        *,
        version: int | None = None,
        variant: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        once: Sequence[str] = (),
        units: Sequence[str | None] | None = None,
    ) -> Response:
        """The answer; with a `version` it carries the ETag and a GET honors If-None-Match.

        `once` names fields that are secrets: a replay has null in their place. `units` says where
        what is shown lies, for an answer under a key whose own `unit`, and whose transaction's
        events, do not say so: None is the whole company, an empty list nowhere.
        """
        sent = dict(headers or {})
        if version is not None:
            sent["ETag"] = tag = preconditions.etag(version, variant)
            if self.request.method == "GET" and preconditions.matches(
                self.request.headers.get("if-none-match"), tag
            ):
                return Response(status_code=304, headers=sent)
        body = view if isinstance(view, bytes) else view.__pydantic_serializer__.to_json(view)
        self.once, self.units = once, units
        self.response = Response(body, status_code=status, headers=sent, media_type=JSON)
        return self.response

    def created(
        self,
        view: BaseModel,
        *,
        location: str,
        version: int,
        variant: str = "",
        once: Sequence[str] = (),
        units: Sequence[str | None] | None = None,
    ) -> Response:
        """201 with Location and ETag."""
        headers = {"Location": location}
        return self.answer(
            view,
            version=version,
            variant=variant,
            status=201,
            headers=headers,
            once=once,
            units=units,
        )

    def accepted(
        self,
        view: BaseModel,
        *,
        location: str,
        version: int | None = None,
        units: Sequence[str | None] | None = None,
    ) -> Response:
        """202 with the Location of the resource to follow."""
        return self.answer(
            view, version=version, status=202, headers={"Location": location}, units=units
        )

    def nothing(self) -> Response:
        """204."""
        self.once, self.units = (), None
        self.response = Response(status_code=204)
        return self.response

    def page(
        self, page: PageOf, items: Sequence[BaseModel], *, next_cursor: str | None
    ) -> Response:
        """One page of a list:
        at most `page.limit` of the items, the cursor behind them, and the Link header.
        """
        shown = b",".join(
            item.__pydantic_serializer__.to_json(item) for item in items[: page.limit]
        )
        body = b'{"items":[' + shown + b'],"next_cursor":' + to_json(next_cursor) + b"}"
        return self.answer(body, headers=page.link(next_cursor))


class CallTransaction:
    """`async with call.transaction() as tx`:
    what the block writes, tells and answers is committed together or not at all.
    """

    def __init__(self, call: Call[Any], fingerprint: bytes | None) -> None:
        self._call = call
        self._key = call.key
        self._fingerprint = fingerprint
        self._block = call.database.transaction(
            origin=call.origin, lock_within=idempotency.WAIT_SECONDS
        )

    async def __aenter__(self) -> Transaction:
        await self._complete_key()
        self._tx = await self._block.__aenter__()
        self._call.response = None
        self._call.is_matched = False
        self._call.has_claimed = True
        if self._key is not None:
            try:
                await idempotency.claim(self._tx, self._key, at=self._call.at, seen=self._call.sees)
            except BaseException as error:
                await self._block.__aexit__(type(error), error, error.__traceback__)
                raise
        return self._tx

    async def _complete_key(self) -> None:
        """A form is not read as a whole just for its key:
        the route says what identifies it, or its parts are digested here.
        """
        if self._key is None:
            return
        fingerprint = self._fingerprint
        if fingerprint is None and self._call.is_form:
            fingerprint = await self._call.request.form_digest()
        if fingerprint is not None:
            self._key = replace(self._key, fingerprint=fingerprint)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        if kind is None:
            try:
                await self._keep_answer()
            except BaseException as failure:
                await self._block.__aexit__(type(failure), failure, failure.__traceback__)
                raise
        await self._block.__aexit__(kind, error, trace)

    async def _keep_answer(self) -> None:
        response = self._call.response
        if response is None:
            raise AnswerMissing(f"{self._call.request.method} {self._call.request.url.path}")
        if self._call.is_match_forgotten:
            raise MatchNotHonored(f"{self._call.request.method} {self._call.request.url.path}")
        if self._key is None:
            return
        if response.status_code >= 300:
            await idempotency.give_back(self._tx, self._key)
        else:
            place = kept_answers.place_of(
                response, self._tx.recorded, self._call.caller, said=self._call.units
            )
            about = kept_answers.subjects_of(response, self._tx.recorded, path=self._key.path)
            self._tx.answer = idempotency.answer_of(
                self._key, response, unit=place, subjects=about, once=self._call.once
            )
