"""Reads requests strictly: content types, JSON, and query parameters that the operation knows."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pydantic_core import from_json, to_json
from starlette.datastructures import UploadFile
from starlette.requests import Request

from service_kit.words.errors import Fault, Invalid, Malformed, UnsupportedMediaType, escaped
from service_kit.words.messages import said

CHUNK = 1_000_000
MOST_FAULTS = 20
NUL = "text cannot hold the character NUL"
# What a number beyond a double looks like: an exponent of three digits, or very many digits.
HUGE_NUMBER = re.compile(rb"[0-9][eE]\+?[0-9]{3}|[0-9]{200}")


class UnknownParameter(Invalid):
    """The operation has no such query parameter, or it was given twice."""


class FieldUnknown(Invalid):
    """The form has a field that this operation does not take."""


class StrictRequest(Request):
    """A request whose JSON is parsed once and strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = strict_json(await self.body())
        return self._json

    async def rewind(self) -> None:
        """Let the files of a form be read again from their beginning."""
        if self._form is not None:
            for _, member in self._form.multi_items():
                if isinstance(member, UploadFile):
                    await member.seek(0)

    async def form_digest(self) -> bytes:
        """SHA-256 over the names and contents of a form, files included."""
        digest = hashlib.sha256()
        for name, member in (await self.form()).multi_items():
            content = (
                member if isinstance(member, str) else [member.filename, await _file_digest(member)]
            )
            digest.update(to_json([name, content]))
        return digest.digest()


async def _file_digest(file: UploadFile) -> str:
    digest = hashlib.sha256()
    await file.seek(0)
    while chunk := await file.read(CHUNK):
        digest.update(chunk)
    await file.seek(0)
    return digest.hexdigest()


def strict_json(body: bytes) -> Any:
    """The JSON value of a body.

    Raises Malformed when it is no JSON; Invalid for what JSON can write but nobody can mean: NaN,
    numbers beyond a double, NUL, lone surrogates, nesting that no schema of ours has.
    """
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except (ValueError, RecursionError) as error:
        raise _explained(body, str(error)) from error
    if b"\\u0000" in body:
        _refuse_nul(value)
    if HUGE_NUMBER.search(body):
        _refuse_infinity(value)
    return value


def _explained(body: bytes, reason: str) -> Malformed | Invalid:
    """Which of the two refusals fits what the fast parser refused."""
    if "recursion" in reason.lower():
        return Invalid("the JSON is nested too deeply")
    try:
        text = body.decode("utf-8")
        json.loads(text, parse_int=len, parse_float=len, parse_constant=len)
    except RecursionError:
        return Invalid("the JSON is nested too deeply")
    except ValueError:
        return Malformed(said("the body is not JSON: {reason}", reason=reason[:200]))
    return Invalid(
        said("the body holds a value that JSON text should not: {reason}", reason=reason[:200])
    )


def _refuse_nul(value: object) -> None:
    _refuse(
        [place for place, leaf in _leaves(value) if isinstance(leaf, str) and "\0" in leaf], NUL
    )


def _refuse_infinity(value: object) -> None:
    huge = [
        place
        for place, leaf in _leaves(value)
        if isinstance(leaf, float) and not math.isfinite(leaf)
    ]
    _refuse(huge, "a number is larger than a double can hold")


def _refuse(places: Sequence[str], why: str) -> None:
    if places:
        raise Invalid(why, faults=[Fault(place, why) for place in places[:MOST_FAULTS]])


def _leaves(value: object) -> Iterator[tuple[str, object]]:
    """Every name and value with its JSON Pointer; a name has that of its member."""
    pending = [("", value)]
    while pending:
        place, item = pending.pop()
        if isinstance(item, dict):
            members = [(f"{place}/{escaped(name)}", name, member) for name, member in item.items()]
            yield from ((pointer, name) for pointer, name, _ in members)
            pending.extend((pointer, member) for pointer, _, member in members)
        elif isinstance(item, list):
            pending.extend((f"{place}/{number}", member) for number, member in enumerate(item))
        else:
            yield place, item


def require_content_type(request: Request, expected: str) -> None:
    """Raise UnsupportedMediaType unless the body is of the type that the operation reads."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("send the body as it is, without Content-Encoding")
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        if given:
            raise UnsupportedMediaType(
                said("send {expected}, not {given}", expected=expected, given=given[:100])
            )
        raise UnsupportedMediaType(
            said("send {expected} and say so in Content-Type", expected=expected)
        )


def refuse_unknown_parameters(
    request: Request, known: Collection[str], repeatable: Collection[str]
) -> None:
    """Raise UnknownParameter for query parameters that the operation does not have or
    that come twice.
    """
    query = request.scope["query_string"]
    if not query:
        return
    counts = Counter(name for name, _ in request.query_params.multi_items())
    unknown = [name for name in counts if name not in known]
    twice = [name for name, count in counts.items() if count > 1 and name not in repeatable]
    faults = [Fault(place(name), "there is no such query parameter") for name in unknown]
    faults += [Fault(place(name), "this parameter is given once") for name in twice]
    if faults:
        what = (
            "the query has parameters that this operation does not take"
            if unknown
            else "the query has a parameter twice"
        )
        raise UnknownParameter(what, faults=faults[:MOST_FAULTS])
    _refuse(
        [place(name) for name, value in request.query_params.multi_items() if "\0" in value], NUL
    )


def place(name: str) -> str:
    """Where a query parameter stands, as errors name it."""
    return f"query/{name[:100]}".replace("\0", "\N{SYMBOL FOR NULL}")
