"""GET /problems/{type}: the page that the `type` of a problem document leads to."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from typing import Any

from service_kit.web.contract import explained
from service_kit.web.wiring import wiring_of
from service_kit.words.errors import Refusal, problem_slug
from service_kit.words.messages import Messages
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contract.published import PublishedContract
from gateway.problem.kinds import BY_STATUS, KINDS, Kind

SLUG = re.compile(r"[a-z0-9-]{1,80}")
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body{{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}
code{{color:#555}}
</style>
</head>
<body>
<p><code>{status} {slug}</code></p>
{sections}
</body>
</html>
"""
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )
}


async def page(request: Request) -> Response:
    """Both languages on one page, the caller's first; 404 for what is no type of problem here."""
    slug = request.path_params["slug"]
    found = _explained(request, slug) if SLUG.fullmatch(slug) else None
    if found is None:
        return wiring_of(request).problems.answer(
            request.scope, 404, detail="There is no such type of problem."
        )
    kind, own, own_zh = found
    english = _section("en", kind.title_en, own, kind.advice_en)
    chinese = _section("zh-CN", kind.title_zh, own_zh, kind.advice_zh)
    wiring = wiring_of(request)
    language = wiring.messages.preferred(
        request.headers.get("accept-language"), default=wiring.settings.language
    )
    sections, title = (
        ([chinese, english], kind.title_zh)
        if language == "zh-CN"
        else ([english, chinese], kind.title_en)
    )
    html = PAGE.format(
        slug=escape(slug),
        status=kind.status,
        language=language,
        title=escape(title),
        sections="\n".join(sections),
    )
    headers = {**POLICY, "Content-Language": "en, zh-CN", "Vary": "Accept-Language"}
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)


def _section(language: str, title: str, *paragraphs: str) -> str:
    return (
        "<section"
        f' lang="{language}"><h1>{escape(title)}</h1>'
        f"{''.join(map(_paragraph, paragraphs))}</section>"
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _explained(request: Request, slug: str) -> tuple[Kind, str, str] | None:
    """The kind of a type and its own advice in both languages:
    of the kinds, of those in the contracts, or of our own refusals.
    """
    if slug in KINDS:
        return KINDS[slug], "", ""
    named = wiring_of(request).parts[PublishedContract].problem_types()
    type_ = named.get(slug) or _own_type(slug, wiring_of(request).messages)
    if type_ is None:
        return None
    return (
        BY_STATUS.get(type_["status"], KINDS["internal"]),
        type_["description"],
        type_.get("description_zh", ""),
    )


def _own_type(slug: str, messages: Messages) -> Mapping[str, Any] | None:
    refusal = _own_refusals().get(slug)
    return None if refusal is None else explained(refusal, messages)


@cache
def _own_refusals() -> Mapping[str, type[Refusal]]:
    return {problem_slug(each): each for each in _refusals(Refusal)}


def _refusals(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from _refusals(kind)


ROUTES = [Route("/problems/{slug}", page)]
