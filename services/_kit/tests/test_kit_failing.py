"""Work that fails is named at /readyz with since when;
the log names the statement that failed.
"""

import asyncio
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from service_kit.process import metrics as measured
from service_kit.process.metrics import Metrics
from service_kit.store.sqlstates import UniqueViolated
from service_kit.testing import notes, serving
from service_kit.work.loop import Backoff

AT = datetime(2026, 1, 31, tzinfo=UTC)


async def test_a_worker_that_fails_is_named_until_it_works_again(compose, signing_keys):
    service, broken = compose(), asyncio.Event()
    broken.set()

    async def step() -> bool:
        if broken.is_set():
            raise ValueError("a word that nobody may read here")
        return False

    service.worker(service.loop("fragile", step, idle_seconds=0.01))
    began = datetime.now(UTC)
    async with serving(service, signing_keys) as api:

        async def ready_once(is_failing: bool) -> dict:
            for _ in range(500):
                answer = await api.client.get("/readyz")
                assert answer.status_code == 200
                if ("failing" in answer.json()) is is_failing:
                    return answer.json()
                await asyncio.sleep(0.01)
            raise AssertionError("it stayed as it was")

        told = await ready_once(True)
        ((worker, since, error),) = (tuple(each.values()) for each in told["failing"])
        assert (told["status"], worker, error) == ("ready", "fragile", "ValueError")
        assert began <= datetime.fromisoformat(since) <= datetime.now(UTC)
        assert "nobody may read" not in str(told)
        assert (
            'failing_since_seconds{service="notes",worker="fragile"}'
            in (await api.client.get("/metrics")).text
        )
        broken.clear()
        assert await ready_once(False) == {"status": "ready"}
        assert 'worker="fragile"}' not in [
            line
            for line in (await api.client.get("/metrics")).text.splitlines()
            if line.startswith("guanxi_worker_failing")
        ]


def test_a_failure_is_told_since_the_first_and_forgotten_when_none_follows(monkeypatch):
    kept = Metrics("kit")
    kept.failed("clock", ValueError())
    first = kept.failing()["clock"]
    kept.failed("clock", KeyError())

    assert kept.failing()["clock"].since == first.since
    assert kept.failing()["clock"].error == "KeyError"
    monkeypatch.setattr(measured, "RECOVERED_AFTER", timedelta(0))
    assert kept.failing() == {}
    assert b"failing_since_seconds{" not in kept.text()


async def test_an_error_of_the_database_says_in_which_statement(database):
    row = {"id": AT.astimezone(UTC), "unit": "cn"}
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Which one is asyncpg's affair.
        async with database.transaction() as tx:
            await tx.execute(notes.INSERT, **row, text="x", written_at=AT, version=1)

    told = "".join(traceback.format_exception(raised.value))
    assert "in the statement service_kit.testing.notes.INSERT" in told


async def test_a_worker_that_waits_says_for_which_statement(capsys):
    error = UniqueViolated("pk_note")
    error.add_note("in the statement service_kit.testing.notes.INSERT")
    outage = TimeoutError("slow")
    outage.__cause__ = error

    Backoff().after(outage, "clock")

    assert "in the statement service_kit.testing.notes.INSERT" in "".join(capsys.readouterr())
