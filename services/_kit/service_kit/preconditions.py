"""Strong ETags made of a version, and the conditions that requests put on them (RFC 9110, section 13)."""

import re
from collections.abc import Sequence

from starlette.requests import Request

from service_kit.errors import Invalid, PreconditionFailed, PreconditionRequired

# The same pattern is enforced here and written into the contract. What it lets through and is no entity tag matches none.
CONDITION = r"^[ -~]*$"
ENTITY_TAG = r'^"[!#-~]*"$'
LONGEST_CONDITION = 500
_condition = re.compile(CONDITION, re.ASCII)
_entity_tag = re.compile(ENTITY_TAG, re.ASCII)


class ConditionMalformed(Invalid):
    """If-Match and If-None-Match hold `*` or entity tags in double quotes, separated by commas: printable ASCII."""


def require_well_formed(request: Request, headers: Sequence[str]) -> None:
    """Raise ConditionMalformed when one of these headers is there and holds what no entity tag can be made of."""
    for name in headers:
        value = request.headers.get(name)
        if value is not None and (len(value) > LONGEST_CONDITION or not _condition.fullmatch(value)):
            raise ConditionMalformed(pointer=f"header/{name}")


def etag(version: int, variant: str = "") -> str:
    """`"7"`, or `"7.zh-CN"` where one version has several representations."""
    return f'"{version}.{variant}"' if variant else f'"{version}"'


def tags(header: str) -> list[str]:
    """The entity tags of an If-Match or If-None-Match header."""
    return [tag.strip() for tag in header.split(",") if tag.strip()]


def require_match(header: str | None, version: int) -> None:
    """Let a change pass only when it names the present version, whatever representation it was read in.

    Raises PreconditionRequired without the header, PreconditionFailed when the resource has moved on.
    """
    if header is None:
        raise PreconditionRequired()
    for tag in tags(header):
        if tag == "*" or (_entity_tag.fullmatch(tag) and tag[1:-1].partition(".")[0] == str(version)):
            return
    raise PreconditionFailed()


def matches(header: str | None, current: str) -> bool:
    """Whether If-None-Match names the current tag (weak comparison), so that a GET answers 304."""
    return header is not None and any(tag == "*" or tag.removeprefix("W/") == current for tag in tags(header))
