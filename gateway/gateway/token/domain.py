"""The decisions of the token endpoint:
RFC 6749 (client credentials) and RFC 8693 (token exchange).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from service_kit.words.fields import UNIT
from service_kit.words.looks import is_same_person
from service_kit.words.money import Money
from service_kit.words.names import fault_of_identity

from gateway.rights.domain import SCOPES, Rights

CLIENT_CREDENTIALS = "client_credentials"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 # A public name.
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 # A public name.
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
SUBJECT_LENGTH = 200
UNIT_PATH = re.compile(UNIT)
LONGEST_UNIT_PATH = 200


class TokenRefused(Exception):
    """An error answer of the token endpoint; `error` is one of RFC 6749's codes."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description

    @property
    def status(self) -> int:
        return 401 if self.error == "invalid_client" else 400


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What goes into a token: who acts (`client_id`), for whom (`sub`), with which rights."""

    client_id: str
    sub: str
    rights: Rights
    is_exchanged: bool = False
    epoch: int = 0


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The token that is exchanged, as verified."""

    client_id: str
    sub: str
    rights: Rights


def grant_to_client(client_id: str, held: Rights, form: Mapping[str, str]) -> Granted:
    """Client credentials: all rights of the client, or the scopes it asks for."""
    return Granted(
        client_id=client_id, sub=client_id, rights=replace(held, scopes=_asked_scopes(form, held))
    )


def grant_to_person(
    client_id: str, held: Rights, subject: Subject, form: Mapping[str, str]
) -> Granted:
    """Token exchange: a token for a person behind a frontend,
    within the frontend's token and its present rights.
    """
    if subject.client_id != client_id:
        raise TokenRefused("invalid_request", "the subject_token was issued to another client")
    sub = form.get("sub", "")
    if not 1 <= len(sub) <= SUBJECT_LENGTH or not sub.isprintable():
        raise TokenRefused(
            "invalid_request", "sub names the person, in 1 to 200 printable characters"
        )
    fault = fault_of_identity(sub)
    if fault is not None:
        raise TokenRefused("invalid_request", f"sub does not name a person: {fault}")
    if subject.sub not in (client_id, sub):
        raise TokenRefused(
            "invalid_request", "a token of one person is not exchanged into one of another"
        )
    if is_same_person(sub, client_id):
        raise TokenRefused("invalid_request", "sub names a person, not the client itself")
    bound = subject.rights.limited_to(held)
    asked = Rights(
        scopes=_asked_scopes(form, bound),
        units=_asked_units(form, bound),
        approval_limit=_asked_limit(form),
        agent_id=_asked_agent(form, bound),
    )
    excess = asked.excess_over(bound)
    if excess is not None:
        raise TokenRefused("invalid_request", f"{excess}: more than the subject_token holds")
    return Granted(client_id=client_id, sub=sub, rights=asked, is_exchanged=True)


def require_exchange_form(form: Mapping[str, str]) -> str:
    """The subject token of a well-formed exchange request."""
    if "subject_token" not in form or "subject_token_type" not in form:
        raise TokenRefused("invalid_request", "subject_token and subject_token_type are required")
    if form["subject_token_type"] not in (ACCESS_TOKEN_TYPE, JWT_TYPE):
        raise TokenRefused("invalid_request", "only access tokens of this server are exchanged")
    if form.get("requested_token_type", ACCESS_TOKEN_TYPE) not in (ACCESS_TOKEN_TYPE, JWT_TYPE):
        raise TokenRefused("invalid_request", "only access tokens are issued")
    if "actor_token" in form or "actor_token_type" in form:
        raise TokenRefused(
            "invalid_request", "the actor is the authenticated client; actor_token is not taken"
        )
    if "resource" in form or "audience" in form:
        raise TokenRefused(
            "invalid_target",
            "tokens are for this API as a whole; resource and audience are not taken",
        )
    return form["subject_token"]


def _asked_scopes(form: Mapping[str, str], held: Rights) -> frozenset[str]:
    if "scope" not in form:
        return held.scopes
    asked = frozenset(form["scope"].split(" ")) - {""}
    if not asked or not asked.issubset(SCOPES):
        raise TokenRefused("invalid_scope", "a scope is unknown or malformed")
    if not asked <= held.scopes:
        raise TokenRefused("invalid_scope", "a scope goes beyond what may be granted")
    return asked


def _asked_units(form: Mapping[str, str], held: Rights) -> tuple[str, ...] | None:
    if "units" not in form:
        return held.units
    units = tuple(dict.fromkeys(form["units"].replace(",", " ").split()))
    if not units or not all(is_unit_path(unit) for unit in units):
        raise TokenRefused("invalid_request", "units are dotted paths, separated by spaces")
    return units


def _asked_limit(form: Mapping[str, str]) -> Money | None:
    if "approval_limit" not in form:
        return None
    try:
        limit = Money.parse(form["approval_limit"])
    except ValueError as error:
        raise TokenRefused("invalid_request", "approval_limit is written as 500.00 CNY") from error
    if limit.amount.is_signed():
        raise TokenRefused(
            "invalid_request", "approval_limit is a sum of zero or more with up to six decimals"
        )
    return limit


def _asked_agent(form: Mapping[str, str], held: Rights) -> UUID | None:
    if "agent_id" not in form:
        return held.agent_id
    try:
        return UUID(form["agent_id"])
    except ValueError as error:
        raise TokenRefused("invalid_request", "agent_id is a UUID") from error


def is_unit_path(text: str) -> bool:
    """Whether the text is a dotted path of an organization unit, as everywhere in the API."""
    return len(text) <= LONGEST_UNIT_PATH and UNIT_PATH.fullmatch(text) is not None
