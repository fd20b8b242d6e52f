"""What a composition root wires into a service, as its routes find it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from service_kit.access.tokens import Authenticator
from service_kit.process.metrics import Metrics
from service_kit.process.secrets import Sealer
from service_kit.process.settings import ServiceSettings
from service_kit.store.database import Database
from service_kit.web.kept_answers import KeptAnswers, MayRead
from service_kit.web.problems import Problems
from service_kit.words.identity import Clock
from service_kit.words.messages import Messages

KEY = "guanxi.wiring"
Part = TypeVar("Part")
Check = Callable[[], Coroutine[Any, Any, str | None]]
"""Why the process is not ready, or None."""


class PartMissing(LookupError):
    """A route asks for a part that its composition root did not wire."""


class Parts:
    """One part of each kind, found by its class or by the port that it stands for: `parts[Printer]`
    is a Printer.

    Slices name what they need by its own type, so that none of them has to know a list of all
    parts, which would tie them in a circle.
    """

    def __init__(self) -> None:
        self._parts: dict[type[Any], Any] = {}

    def __getitem__(self, kind: type[Part]) -> Part:
        try:
            part: Part = self._parts[kind]
        except KeyError as error:
            raise PartMissing(f"no {kind.__qualname__} is wired") from error
        return part

    def __setitem__(self, kind: type[Part], part: Part) -> None:
        self._parts[kind] = part

    def __contains__(self, kind: type[Any]) -> bool:
        return kind in self._parts


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the kit itself needs of a service in a request, and the service's own parts;
    the Shell puts it into every request's scope.
    """

    settings: ServiceSettings
    database: Database
    authenticator: Authenticator
    sealer: Sealer
    clock: Clock
    metrics: Metrics
    messages: Messages
    problems: Problems
    kept_answers: KeptAnswers
    may_read: MayRead | None
    checks: list[Check]
    parts: Parts


def wiring_of(request: HTTPConnection) -> Wiring:
    wiring: Wiring = request.scope[KEY]
    return wiring
