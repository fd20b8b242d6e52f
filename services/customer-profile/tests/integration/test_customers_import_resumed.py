"""A worker that dies in the middle of an import loses nothing and repeats nothing;
rivals for an identifier are decided again.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from customer_profile.app import compose
from customer_profile.customer_import.importing import KIND, Importing
from customer_profile.customer_import.store import ImportStore
from customer_profile.identifier.vault import SealedVault
from customer_profile.settings import Settings
from service_kit.testing import Api, serving
from service_kit.words.errors import Unavailable
from service_kit.work.jobs import Jobs, RunningJob

ROWS = 25
SHEET = (
    "external:erp,name\n"
    + "".join(f"E-{number},N{number}\n" for number in range(ROWS))
    + "E-3,N3\n,no key\n"
)


class Killed(BaseException):
    """What the worker of a test dies of."""


@pytest.fixture
async def idle(settings: Settings, signing_keys: Any) -> AsyncIterator[Api]:
    """The service with nobody who imports; ten rows are a batch."""
    service = compose(settings.model_copy(update={"import_batch_rows": 10}), keys=signing_keys)
    service.workers = [
        worker for worker in service.workers if "<" not in worker.name and worker.name != KIND
    ]
    async with serving(service, signing_keys) as api:
        yield api


def worker(api: Api) -> Jobs:
    service = api.service
    importing = Importing(
        service.database, service.settings, SealedVault(service.sealer), clock=service.clock
    )
    return Jobs(service.database, KIND, importing.run, clock=service.clock)


async def queued(api: Api, sheet: str = SHEET, **form: str) -> str:
    sent = {"key": "external:erp"} | form
    answer = await api.request(
        "POST", "/v1/customer-imports", files={"file": ("a.csv", sheet.encode())}, data=sent
    )
    return str(answer.headers["location"])


async def expire(api: Api) -> None:
    async with api.service.database.transaction() as tx:
        await tx.connection.execute(
            "UPDATE customer_profile.job SET lease_until = now() - interval '1 second'"
        )


async def count(api: Api, table: str) -> int:
    async with api.service.database.transaction() as tx:
        return int(await tx.connection.fetchval(f"SELECT count(*) FROM customer_profile.{table}"))


def dying(monkeypatch: pytest.MonkeyPatch, *, at_batch: int) -> None:
    """Let the worker die after it wrote a batch and before its COMMIT."""
    write, batches = ImportStore.add_problems, iter(range(1, 100))

    async def killed(*given: Any) -> None:
        await write(*given)
        if next(batches) == at_batch:
            raise Killed()

    monkeypatch.setattr(ImportStore, "add_problems", killed)


@pytest.mark.parametrize("at_batch", [1, 2, 3])
async def test_a_killed_workers_import_goes_on_behind_its_last_batch(
    idle: Api, monkeypatch: pytest.MonkeyPatch, at_batch: int
) -> None:
    location = await queued(idle)
    with monkeypatch.context() as patch:
        dying(patch, at_batch=at_batch)
        with pytest.raises(Killed):
            await worker(idle).step()
    halfway = (await idle.get(location)).json()
    await expire(idle)

    await worker(idle).step()

    assert (halfway["state"], halfway["progress"]["done"], await count(idle, "import_file")) == (
        "running",
        (at_batch - 1) * 10,
        0,
    )
    work = (await idle.get(location)).json()
    assert work["state"] == "done"
    assert work["counts"] == {
        "created": ROWS,
        "updated": 0,
        "unchanged": 1,
        "skipped": 0,
        "failed": 1,
    }
    assert await count(idle, "customer") == await count(idle, "timeline_entry") == ROWS
    assert await count(idle, "import_problem") == 1
    assert len(await idle.events("customer.created")) == ROWS


async def test_a_killed_dry_run_begins_again_and_counts_once(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle, dry_run="true")
    with monkeypatch.context() as patch:
        dying(patch, at_batch=3)
        with pytest.raises(Killed):
            await worker(idle).step()
    await expire(idle)

    await worker(idle).step()

    assert (await idle.get(location)).json()["counts"] == {
        "created": ROWS,
        "updated": 0,
        "unchanged": 1,
        "skipped": 0,
        "failed": 1,
    }
    assert await count(idle, "customer") == 0


async def test_a_rival_who_takes_an_identifier_meanwhile_makes_the_batch_decide_again(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)
    write = ImportStore.write
    rivals = iter([{"kind": "individual", "name": "Rival", "identifiers": [
        {"type": "external", "system": "erp", "value": "E-5"}]}])  # fmt: skip

    async def contested(imports: ImportStore, written: Any) -> None:
        for body in rivals:
            assert (await idle.post("/v1/customers", body)).status_code == 201
        await write(imports, written)

    monkeypatch.setattr(ImportStore, "write", contested)
    await worker(idle).step()

    work = (await idle.get(location)).json()
    assert (work["state"], work["counts"]["created"], work["counts"]["updated"]) == (
        "done",
        ROWS - 1,
        1,
    )
    (held,) = (await idle.get("/v1/customers", params={"external": "erp:E-5"})).json()["items"]
    assert held["name"] == "N5"


async def test_an_import_canceled_in_the_queue_leaves_neither_file_nor_customers(idle: Api) -> None:
    location = await queued(idle)

    canceled = await idle.request("POST", f"{location}/cancellation")

    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
    assert await worker(idle).step() is False
    assert (await count(idle, "import_file"), await count(idle, "customer")) == (0, 0)


async def test_an_import_canceled_on_its_way_keeps_what_it_wrote(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)
    write, batches = ImportStore.write, iter(range(1, 100))

    async def interrupted(imports: ImportStore, written: Any) -> None:
        await write(imports, written)
        if next(batches) == 1:
            # The row of the job is held by this batch: somebody else's wish waits for its COMMIT,
            # as it would in life.
            await imports._tx.connection.execute(
                "UPDATE customer_profile.job SET cancel_requested = true"
            )

    monkeypatch.setattr(ImportStore, "write", interrupted)
    await worker(idle).step()

    work = (await idle.get(location)).json()
    assert (work["state"], work["progress"]["done"], work["counts"]["created"]) == (
        "canceled",
        10,
        10,
    )
    assert (await count(idle, "import_file"), await count(idle, "customer")) == (0, 10)


async def test_a_worker_killed_behind_the_last_row_leaves_an_import_that_is_done(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)

    async def killed(*_given: Any, **_named: Any) -> None:
        raise Killed()

    with monkeypatch.context() as patch:
        patch.setattr(RunningJob, "finish", killed)
        with pytest.raises(Killed):
            await worker(idle).step()
    assert await count(idle, "import_file") == 0
    await expire(idle)

    await worker(idle).step()

    work = (await idle.get(location)).json()
    assert (work["state"], work["error"], work["counts"]["created"]) == ("done", None, ROWS)


async def test_an_import_that_waits_for_its_database_keeps_its_file(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)

    async def away(*_given: Any) -> None:
        raise Unavailable()

    with monkeypatch.context() as patch:
        patch.setattr(ImportStore, "write", away)
        with pytest.raises(Unavailable):
            await worker(idle).step()
    assert await count(idle, "import_file") == 1
    await expire(idle)

    await worker(idle).step()

    assert (await idle.get(location)).json()["state"] == "done"


async def test_the_file_of_an_import_that_failed_unforeseen_is_swept_away_and_others_stay(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)

    async def broken(*_given: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr(ImportStore, "write", broken)
        await worker(idle).step()
    await queued(idle)
    service = idle.service
    importing = Importing(
        service.database, service.settings, SealedVault(service.sealer), clock=service.clock
    )

    swept = [await importing.sweep(), await importing.sweep()]

    assert (await idle.get(location)).json()["state"] == "failed"
    assert (swept, await count(idle, "import_file")) == ([True, False], 1)


async def test_a_cancellation_that_meets_the_last_step_leaves_no_file(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = await queued(idle)
    write = ImportStore.add_problems

    async def interrupted(imports: ImportStore, *given: Any) -> None:
        await write(imports, *given)
        await imports._tx.connection.execute(
            "UPDATE customer_profile.job SET cancel_requested = (done = 20)"
        )

    monkeypatch.setattr(ImportStore, "add_problems", interrupted)
    await worker(idle).step()

    work = (await idle.get(location)).json()
    assert (work["state"], work["counts"]["created"], await count(idle, "import_file")) == (
        "canceled",
        ROWS,
        0,
    )
