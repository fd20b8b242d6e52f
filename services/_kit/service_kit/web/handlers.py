"""Exceptions that reach the app, as problem documents."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.web.problems import Problems, faults_of
from service_kit.web.wiring import wiring_of
from service_kit.words.errors import (
    Invalid,
    Malformed,
    Refusal,
    TooLarge,
    UnsupportedMediaType,
    first_sentence,
)
from service_kit.words.messages import said

DETAILS = {
    400: first_sentence(Malformed),
    404: "There is no such path.",
    405: "This path does not know this method.",
    413: first_sentence(TooLarge),
    415: first_sentence(UnsupportedMediaType),
}
DATABASE_SILENT = "The database does not answer at the moment; repeat the request."
PROCESS_STOPS = "This process stops; repeat the request, another one answers it."
SOMETHING_WRONG = "Something went wrong on our side; the request id finds it in the log."


class FieldsInvalid(Invalid):
    """The input breaks the operation's schema; `errors` names each place."""


async def refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _problems(request).of_refusal(request.scope, refusal)


async def schema_broken(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = faults_of(error.errors(), error.body)
    detail = said(
        "{place}: {fault}", place=faults[0].pointer or said("the body"), fault=faults[0].detail
    )
    return await refused(request, FieldsInvalid(detail, faults=faults))


async def database_lost(request: Request, error: Exception) -> Response:
    is_unknown = isinstance(error, OutcomeUnknown)
    detail = (
        "The database went away; what became of this request can be read back."
        if is_unknown
        else DATABASE_SILENT
    )
    return _explained(request, 503, detail)


async def framework_said(request: Request, error: Exception) -> Response:
    """404, 405 and whatever else the framework answers by itself."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
    detail = DETAILS.get(error.status_code, str(error.detail))
    return _explained(request, error.status_code, detail, headers)


async def unforeseen(request: Request, _error: Exception) -> Response:
    """What FastAPI's own stack would answer as plain text;
    the error goes on to the Shell, which logs it.
    """
    return _explained(request, 500, SOMETHING_WRONG)


def allowed_methods(request: Request) -> list[str]:
    """The methods of all routes on this path: the framework names only those of the first one."""
    methods: set[str] = set()
    for route in request.app.router.routes:
        match, _ = route.matches({**request.scope, "type": "http"})
        if match is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _explained(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> Response:
    return _problems(request).answer(request.scope, status, detail=detail, headers=headers)


def _problems(request: Request) -> Problems:
    return wiring_of(request).problems


HANDLERS: dict[Any, Any] = {
    Refusal: refused,
    RequestValidationError: schema_broken,
    HTTPException: framework_said,
    TransactionRolledBack: database_lost,
    OutcomeUnknown: database_lost,
}
