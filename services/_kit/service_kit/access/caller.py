"""Who is calling and what they may do: the claims of a checked access token."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service_kit.words.errors import Forbidden
from service_kit.words.messages import said

# How a service reads the claims that are its own: ValueError refuses the token.
ClaimReaders = Mapping[str, Callable[[str], object]]


class ScopeMissing(Forbidden):
    """The access token lacks a scope that this operation needs; its name is in `needs`."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`units` None means all of the company; `claims` are those that the service asked for, as its
    readers read them, without what the token does not say.
    """

    client_id: str
    sub: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    units: tuple[str, ...] | None = None
    claims: Mapping[str, object] = field(default_factory=dict)

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def demand(self, scopes: Sequence[str], *, instead: Sequence[str] = ()) -> None:
        """Raise ScopeMissing unless the token has every one of the scopes,
        or one of those that do instead.
        """
        if any(scope in self.scopes for scope in instead):
            return
        missing = [scope for scope in scopes if scope not in self.scopes]
        if missing:
            raise ScopeMissing(
                said("this operation needs the scope {scopes}", scopes=" ".join(missing)),
                needs=list(scopes),
            )

    def sees(self, unit: str | None) -> bool:
        """Whether the unit lies in or under one of the token's units;
        what has no unit belongs to the whole company.
        """
        if self.units is None:
            return True
        return unit is not None and any(
            unit == own or unit.startswith(f"{own}.") for own in self.units
        )


SYSTEM = Caller(client_id="system", sub="system")
