"""Which complaints a list is asked for."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from service_kit.words.fields import Id, Line, UnitPath

from complaints.case.fields import Category, Flag, Number
from complaints.course.domain import State
from complaints.words import Channel, Kind, Severity


class Wanted:
    """A dependency: the filters of the query."""

    def __init__(
        self,
        state: Annotated[State | None, Query()] = None,
        customer_id: Annotated[Id | None, Query()] = None,
        department: Annotated[Line | None, Query()] = None,
        handler: Annotated[Line | None, Query()] = None,
        number: Annotated[Number | None, Query()] = None,
        kind: Annotated[Kind | None, Query()] = None,
        channel: Annotated[Channel | None, Query()] = None,
        category: Annotated[Category | None, Query()] = None,
        severity: Annotated[Severity | None, Query()] = None,
        unit: Annotated[UnitPath | None, Query(description="In or under this unit.")] = None,
        overdue: Annotated[
            Flag | None, Query(description="Whether a clock that counts is past its due date.")
        ] = None,
        open: Annotated[
            Flag | None, Query(description="Whether it is neither closed nor withdrawn.")
        ] = None,
    ) -> None:
        self._equal = {
            "state": state,
            "customer_id": customer_id,
            "department": department,
            "handler": handler,
            "number": number,
            "kind": kind,
            "channel": channel,
            "category": category,
            "severity": severity,
            "unit": unit,
        }
        self._is_overdue = overdue
        self._is_open = open

    def filters(self, *, at: datetime) -> dict[str, object]:
        """By the names of `search.CONDITIONS`; one without a value of its own is True."""
        filters: dict[str, object] = {
            name: value for name, value in self._equal.items() if value is not None
        }
        if self._is_overdue is not None:
            filters |= {"late" if self._is_overdue else "not_late": True, "now": at}
        if self._is_open is not None:
            filters["open" if self._is_open else "ended"] = True
        return filters
