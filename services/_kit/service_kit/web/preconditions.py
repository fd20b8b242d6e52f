"""Strong ETags made of a version,
and the conditions that requests put on them (RFC 9110, section 13).
"""

import re
from collections.abc import Sequence

from starlette.requests import Request

from service_kit.words.errors import Invalid, PreconditionFailed, PreconditionRequired

# The same pattern is enforced here and written into the contract. What it lets through and is no
# entity tag matches none.
CONDITION = r"^[ -~]*$"
ENTITY_TAG = r'^"[!#-~]*"$'
LONGEST_CONDITION = 500
EXISTS = "the document exists already: read it, then replace it with If-Match"
MISSING = "there is no document to replace: create it with If-None-Match: *"
_condition = re.compile(CONDITION, re.ASCII)
_entity_tag = re.compile(ENTITY_TAG, re.ASCII)


class ConditionMalformed(Invalid):
    """If-Match and If-None-Match hold `*` or entity tags in double quotes,
    separated by commas: printable ASCII.
    """


def require_well_formed(request: Request, headers: Sequence[str]) -> None:
    """Raise ConditionMalformed when one of these headers is there and holds what no
    entity tag can be made of.
    """
    for name in headers:
        value = sent(request, name)
        if value is not None and (
            len(value) > LONGEST_CONDITION or not _condition.fullmatch(value)
        ):
            raise ConditionMalformed(pointer=f"header/{name}")


def etag(version: int, variant: str = "") -> str:
    """`"7"`, or `"7.zh-CN"` where one version has several representations."""
    return f'"{version}.{variant}"' if variant else f'"{version}"'


def tags(header: str) -> list[str]:
    """The entity tags of an If-Match or If-None-Match header."""
    return [tag.strip() for tag in header.split(",") if tag.strip()]


def sent(request: Request, name: str) -> str | None:
    """A header with a condition as one list, however many lines it came in;
    None when it was not sent.
    """
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None


def require_match(header: str | None, version: int, *, names_one: bool = False) -> None:
    """Let a change pass only when it names the present version, whatever representation it was read
    in.

    Raises PreconditionRequired without the header, PreconditionFailed when the resource has moved
    on. With `names_one` the header has to name just one version: who decides on what somebody else
    wrote says what was read, and neither `*` nor a list says that.
    """
    if header is None or (names_one and (len(tags(header)) != 1 or "*" in tags(header))):
        raise PreconditionRequired()
    honor_match(header, version)


def honor_match(header: str | None, version: int | None) -> None:
    """The same for a change that may come without the header; what has no version is matched by `*`
    alone.

    Tags are compared strongly, so that a weak one matches nothing.
    """
    if header is None or any(tag == "*" or _names(tag, version) for tag in tags(header)):
        return
    raise PreconditionFailed()


def _names(tag: str, version: int | None) -> bool:
    return (
        version is not None
        and _entity_tag.fullmatch(tag) is not None
        and tag[1:-1].partition(".")[0] == str(version)
    )


def matches(header: str | None, current: str) -> bool:
    """Whether If-None-Match names the current tag (weak comparison), so that a GET answers 304."""
    return header is not None and any(
        tag == "*" or tag.removeprefix("W/") == current for tag in tags(header)
    )
