"""What an import was asked to do, as the long work keeps it."""

from collections.abc import Mapping
from typing import Any

from scoring.transaction_import.domain import Order


def written(order: Order) -> dict[str, Any]:
    return {**vars(order), "mapping": dict(order.mapping), "units": None if order.units is None else list(order.units)}


def read(payload: Mapping[str, Any]) -> Order:
    return Order(**payload)
