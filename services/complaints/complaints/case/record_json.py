"""Records of steps as JSON columns hold them."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from complaints.case.records import Proposal, StepRecord


def written(record: StepRecord) -> dict[str, Any]:
    """The record as JSON values."""
    kind: Any = type(record)
    plain: dict[str, Any] = _adapter(kind).dump_python(record, mode="json")
    return plain


def proposal_of(plain: dict[str, Any] | None) -> Proposal | None:
    """The proposal that was written, with its remedies."""
    proposal: Proposal | None = None if plain is None else _adapter(Proposal).validate_python(plain)
    return proposal


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
