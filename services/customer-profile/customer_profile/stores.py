"""The one shape of this service's stores: whose units it is about is said once, and its type says whether it may write."""

from collections.abc import Sequence
from typing import Generic, Self, TypeVar

from service_kit.access.caller import Caller
from service_kit.access.units import units_of
from service_kit.store.running import Reader

Access = TypeVar("Access", bound=Reader)


class Store(Generic[Access]):
    """Rows within some units, None for the whole company. `...Reader` stores take any reader, those that write a Transaction."""

    def __init__(self, tx: Access, units: Sequence[str] | None) -> None:
        self._tx = tx
        self._units = units

    @classmethod
    def of(cls, tx: Access, caller: Caller) -> Self:
        return cls(tx, units_of(caller))
