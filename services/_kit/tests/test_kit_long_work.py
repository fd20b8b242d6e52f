"""Long work shows itself the same way, whatever kind it is."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from service_kit.web.long_work import LongWork, Work
from service_kit.words.identity import new_id
from service_kit.work.jobs import Job

AT = datetime(2026, 3, 1, tzinfo=UTC)


def a_job(**changes):
    given = {
        "id": new_id(),
        "kind": "sweep",
        "state": "running",
        "unit": None,
        "created_at": AT,
        "started_at": AT,
        "finished_at": None,
        "done": 2,
        "total": 5,
        "counts": {"swept": 2},
        "payload": {},
        "result": None,
        "error": None,
        "version": 3,
    }
    return Job(**given | changes)


class Sweep(Work):
    """Work with a field of its own."""

    swept: int


def test_work_shows_its_progress_and_counts():
    view = LongWork.of(a_job(), str)

    assert (view.progress.done, view.progress.total, view.counts, view.result) == (
        2,
        5,
        {"swept": 2},
        None,
    )


def test_an_error_is_spoken_in_the_caller_s_language():
    assert LongWork.of(a_job(state="failed", error="stuck"), str.upper).error == "STUCK"


def test_a_kind_of_work_adds_what_it_shows_beside():
    assert Sweep.of(a_job(), str, swept=2).swept == 2


def test_a_field_of_a_kind_of_work_cannot_be_forgotten():
    with pytest.raises(ValidationError):
        Sweep.of(a_job(), str)
