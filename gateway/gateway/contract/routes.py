"""GET /openapi.json, and /docs with assets of our own: nothing is loaded from elsewhere."""

import gzip
import hashlib
from functools import cache
from importlib import resources

from service_kit.web.wiring import wiring_of
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.contract.published import PublishedContract

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
});
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guanxi API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'"
        " data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
CACHED = {"Cache-Control": "public, max-age=86400"}


async def openapi(request: Request) -> Response:
    return Response(
        wiring_of(request).parts[PublishedContract].written(), media_type="application/json"
    )


async def docs(_request: Request) -> Response:
    return Response(PAGE, media_type="text/html; charset=utf-8", headers=POLICY)


async def start(_request: Request) -> Response:
    return Response(START, media_type="text/javascript; charset=utf-8", headers=CACHED)


async def asset(request: Request) -> Response:
    """A file of the packaged Swagger UI, compressed once."""
    name = request.url.path.rpartition("/")[2]
    plain, packed, tag = _asset(name)
    headers = {**CACHED, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            packed, media_type=ASSETS[name], headers={**headers, "Content-Encoding": "gzip"}
        )
    return Response(plain, media_type=ASSETS[name], headers=headers)


async def home(_request: Request) -> Response:
    return RedirectResponse("/docs", status_code=307)


@cache
def _asset(name: str) -> tuple[bytes, bytes, str]:
    plain = (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
    return plain, gzip.compress(plain, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:16]}"'


ROUTES = [
    Route("/", home),
    Route("/openapi.json", openapi),
    Route("/docs", docs),
    Route("/docs/start.js", start),
    *(Route(f"/docs/{name}", asset) for name in ASSETS),
]
