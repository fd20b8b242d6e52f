"""A caller of the gateway's public API:
tokens, idempotency keys, preconditions, and failures told in one line.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

from guanxi_local.demo.failures import StepFailed

Json = dict[str, Any]

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a kind of token
RENEW_BEFORE = 30.0

T = TypeVar("T")


@dataclass(frozen=True)
class Credentials:
    """What `credentials.json` holds."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str

    @classmethod
    def read(cls, home: Path) -> Self:
        try:
            return cls(**json.loads((home / "credentials.json").read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise StepFailed(
                f"No usable {home / 'credentials.json'}: start an instance with `make run` first."
            ) from error


@dataclass(frozen=True)
class Person:
    """Somebody behind a frontend, for whom the demo acts by token exchange."""

    sub: str
    name: str
    scopes: tuple[str, ...]
    approval_limit: str | None = None
    agent_id: str | None = None
    units: tuple[str, ...] = ()
    language: str = "zh-CN"


class Api:
    """The public API as one caller:
    the administrator's client, or a person in whose name it acts.
    """

    def __init__(
        self, http: httpx2.Client, credentials: Credentials, person: Person | None = None
    ) -> None:
        self.credentials = credentials
        self._http = http
        self._person = person
        self._language = person.language if person else "en"
        self._token = ""
        self._renew_at = 0.0

    def acting_for(self, person: Person) -> Self:
        return type(self)(self._http, self.credentials, person)

    def get(self, path: str, **query: object) -> Json:
        answer: Json = self._ask(
            "GET", path, params={name: value for name, value in query.items() if value is not None}
        ).json()
        return answer

    def find_all(self, path: str, **query: object) -> Iterator[Json]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def find(self, path: str, is_wanted: Callable[[Json], bool], **query: object) -> Json | None:
        return next((item for item in self.find_all(path, **query) if is_wanted(item)), None)

    def download(self, address: str) -> bytes:
        return self._ask("GET", address).content

    def post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        key: str | None = None,
        of: str | None = None,
    ) -> Json:
        """Posts JSON; a key that names the fact makes a repeated telling harmless,
        `of` names what is decided on as it is now.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4()), **(self._match(of) if of else {})}
        answer: Json = self._ask(
            "POST", path, json=body if body is not None else {}, headers=headers
        ).json()
        return answer

    def post_empty(self, path: str) -> None:
        self._ask("POST", path, headers={"Idempotency-Key": str(uuid.uuid4())})

    def upload(self, path: str, file: Path, *, fields: Mapping[str, str]) -> Json:
        with file.open("rb") as content:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            asked = {
                "files": {"file": (file.name, content)},
                "data": dict(fields),
                "headers": headers,
                "timeout": 120,
            }
            answer: Json = self._ask("POST", path, **asked).json()
        return answer

    def put(self, path: str, body: Mapping[str, object]) -> Json:
        """Writes a document whole, whether it is there or not."""
        answer: Json = self._ask("PUT", path, json=body, headers=self._match(path)).json()
        return answer

    def command(self, path: str, body: Mapping[str, object]) -> Json:
        """A PUT that is a command, such as presence, and needs no precondition."""
        answer: Json = self._ask("PUT", path, json=body).json()
        return answer

    def patch(self, path: str, body: Mapping[str, object]) -> Json:
        headers = {**self._match(path), "Content-Type": "application/merge-patch+json"}
        answer: Json = self._ask("PATCH", path, content=json.dumps(body), headers=headers).json()
        return answer

    def delete(self, path: str) -> None:
        self._ask("DELETE", path, headers=self._match(path))

    def refused(self, method: str, path: str, body: Mapping[str, object], *, of: str) -> Json:
        """The problem document of a request on `of` that must be refused."""
        answer = self._send(method, path, json=body, headers=self._match(of))
        if answer.is_success:
            raise StepFailed(f"{method} {path} was allowed and must be refused")
        problem: Json = answer.json()
        return problem

    def _match(self, path: str) -> dict[str, str]:
        """The precondition of a write: the version that is there now, or that there is none."""
        answer = self._send("GET", path)
        etag = answer.headers.get("etag")
        return {"If-Match": etag} if answer.is_success and etag else {"If-None-Match": "*"}

    def _ask(self, method: str, path: str, **asked: Any) -> httpx2.Response:
        answer = self._send(method, path, **asked)
        if not answer.is_success:
            raise StepFailed(f"{method} {path} answered {answer.status_code}: {_reason(answer)}")
        return answer

    def _send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **asked: Any
    ) -> httpx2.Response:
        said = {
            "Authorization": f"Bearer {self._valid_token()}",
            "Accept-Language": self._language,
            **(headers or {}),
        }
        try:
            return self._http.request(method, path, headers=said, **asked)
        except httpx2.HTTPError as error:
            raise StepFailed(f"{method} {path} got no answer: {error}") from error

    def _valid_token(self) -> str:
        if time.monotonic() > self._renew_at:
            granted = (
                self._exchanged(self._person)
                if self._person
                else self._grant({"grant_type": "client_credentials"})
            )
            self._token = str(granted["access_token"])
            self._renew_at = time.monotonic() + float(granted["expires_in"]) - RENEW_BEFORE
        return self._token

    def _exchanged(self, person: Person) -> Json:
        subject = self._grant({"grant_type": "client_credentials"})["access_token"]
        form = {
            "grant_type": EXCHANGE,
            "subject_token": subject,
            "subject_token_type": ACCESS_TOKEN,
            "sub": person.sub,
        }
        form["scope"] = " ".join(person.scopes)
        if person.approval_limit is not None:
            form["approval_limit"] = person.approval_limit
        if person.agent_id is not None:
            form["agent_id"] = person.agent_id
        if person.units:
            form["units"] = " ".join(person.units)
        return self._grant(form)

    def _grant(self, form: Mapping[str, str]) -> Json:
        who = (self.credentials.client_id, self.credentials.client_secret)
        try:
            answer = self._http.post(self.credentials.token_url, data=dict(form), auth=who)
        except httpx2.HTTPError as error:
            raise StepFailed(
                f"Nothing answers at {self.credentials.token_url}: start an instance with `make"
                " run`."
            ) from error
        if not answer.is_success:
            raise StepFailed(f"The token endpoint answered {answer.status_code}: {_reason(answer)}")
        granted: Json = answer.json()
        return granted


def wait_for(look: Callable[[], T | None], *, what: str, within: float = 15.0) -> T:
    """Looks again and again until there is something;
    what is told by events arrives a moment later.
    """
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise StepFailed(f"{what} did not come within {within:g} s")
        time.sleep(0.1)


def _reason(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:300]
    return json.dumps(problem, ensure_ascii=False)[:1200]
