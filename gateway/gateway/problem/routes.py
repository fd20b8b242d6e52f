"""GET /problems/{type}: the page that the `type` of a problem document leads to."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib import resources

from service_kit import problems
from service_kit.errors import Refusal, first_sentence, problem_slug
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.problem.texts import BY_STATUS, KINDS, Kind

SLUG = re.compile(r"[a-z0-9-]{1,80}")
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{slug}</title>
<style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}code{{color:#555}}</style>
</head>
<body>
<p><code>{status} {slug}</code></p>
<section lang="en"><h1>{title_en}</h1><p>{own}</p><p>{advice_en}</p></section>
<section lang="zh-CN"><h1>{title_zh}</h1><p>{own_zh}</p><p>{advice_zh}</p></section>
</body>
</html>
"""
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


async def page(request: Request) -> Response:
    """Both languages on one page; 404 for what is no type of problem here."""
    slug = request.path_params["slug"]
    found = await _explained(request, slug) if SLUG.fullmatch(slug) else None
    if found is None:
        return problems.answer(
            404,
            detail="There is no such type of problem.",
            request_id=request.scope["guanxi.request_id"],
            base=request.app.state.settings.issuer,
        )
    kind, own = found
    members = {name: escape(str(value)) for name, value in vars(kind).items()}
    html = PAGE.format(slug=escape(slug), own=escape(own), own_zh=escape(own_advice_zh().get(slug, "")), **members)
    return Response(html, media_type="text/html; charset=utf-8", headers=POLICY)


@cache
def own_advice_zh() -> dict[str, str]:
    """What the types beyond the kinds mean, in Chinese; a type that is missing here is explained by its kind alone."""
    told: dict[str, str] = json.loads((resources.files("gateway.problem") / "advice_zh.json").read_text("utf-8"))
    return told


async def _explained(request: Request, slug: str) -> tuple[Kind, str] | None:
    """The kind of a type and its own advice: of the kinds, of those in the contracts, or of our own refusals."""
    if slug in KINDS:
        return KINDS[slug], ""
    named = await request.app.state.parts["contract"].problem_types()
    if slug in named:
        return BY_STATUS.get(named[slug]["status"], KINDS["internal"]), named[slug]["description"]
    return _own_types().get(slug)


@cache
def _own_types() -> dict[str, tuple[Kind, str]]:
    """Our own refusals by their slugs."""
    return {problem_slug(each): (BY_STATUS.get(each.status, KINDS["internal"]), first_sentence(each)) for each in _refusals(Refusal)}


def _refusals(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from _refusals(kind)


ROUTES = [Route("/problems/{slug}", page)]
