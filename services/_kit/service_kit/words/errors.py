"""Refusals by kind; the problem documents module says which HTTP status each kind becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class Refusal(Exception):
    """A foreseen "no" with a sentence for the caller.

    Subclasses are named as the refused sentence (`ComplaintAlreadyClosed`); their docstring is
    advice to the caller and the text of their page under /problems. `extras` are further members of
    the problem document (such as `allowed_moves`).
    """

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "refusal"

    def __init__(self, detail: str = "", /, **extras: object) -> None:
        super().__init__(detail or first_sentence(type(self)))
        self.detail = detail or first_sentence(type(self))
        self.extras: Mapping[str, object] = extras


class NotFound(Refusal):
    """There is no such resource, or it lies outside what this token may see."""

    status = 404
    kind = "not-found"


class Conflict(Refusal):
    """The request does not fit the present state of the resource."""

    status = 409
    kind = "conflict"


class Gone(Refusal):
    """The resource was here once and is not kept any longer."""

    status = 410
    kind = "gone"


class Forbidden(Refusal):
    """The token is valid but does not give the right to do this."""

    status = 403
    kind = "forbidden"


class Unauthenticated(Refusal):
    """The request carries no valid access token; get one at POST /oauth/token."""

    status = 401
    kind = "unauthenticated"


class Malformed(Refusal):
    """The request cannot be read: its JSON or its framing is broken."""

    status = 400
    kind = "malformed"


class TooLarge(Refusal):
    """The request body is larger than this operation accepts."""

    status = 413
    kind = "too-large"


class UnsupportedMediaType(Refusal):
    """The body's content type is missing or not one that this operation reads."""

    status = 415
    kind = "unsupported-media-type"


class PreconditionFailed(Refusal):
    """The resource changed since it was read:
    read it again, then repeat the change with its new ETag.
    """

    status = 412
    kind = "precondition-failed"


class PreconditionRequired(Refusal):
    """This change needs an If-Match header with the ETag of the version that it is based on."""

    status = 428
    kind = "precondition-required"


class TooManyRequests(Refusal):
    """The client used up its limit; Retry-After says when to go on."""

    status = 429
    kind = "too-many-requests"


class Unavailable(Refusal):
    """Something this operation cannot do without is not answering; repeat it after Retry-After."""

    status = 503
    kind = "unavailable"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input:
    where (a JSON Pointer, or `query/limit`, `header/If-Match`) and what.
    """

    pointer: str
    detail: str


def escaped(name: str) -> str:
    """One part of a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


class Invalid(Refusal):
    """The input was understood but breaks a rule of its schema or of the business;
    `errors` says where.
    """

    status = 422
    kind = "invalid"

    def __init__(
        self,
        detail: str = "",
        /,
        *,
        pointer: str = "",
        faults: Sequence[Fault] = (),
        **extras: object,
    ) -> None:
        super().__init__(detail, **extras)
        self.faults = tuple(faults) or ((Fault(pointer, self.detail),) if pointer else ())


def first_sentence(error: type[Refusal]) -> str:
    """The first paragraph of the class's docstring, as one line."""
    return " ".join((error.__doc__ or "The request was refused.").strip().split("\n\n")[0].split())


def problem_slug(error: type[Refusal]) -> str:
    """The last part of the problem's type:
    the kind for the kinds themselves, else the class name in kebab-case.
    """
    if "kind" in error.__dict__:
        return error.kind
    name = error.__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip(
        "-"
    )
