"""One fact counts once, by whichever door and however often it comes:
sheets saved again, numbers sent again, surveys answered again.
"""

import asyncio
import io
import json
import random
from importlib import import_module

import pytest
import xlsxwriter
from scoring.customer.acquaintance import CustomerFile
from scoring.purchase.store import PurchaseReader
from scoring.tables import survey_reference, transaction, transaction_import, transaction_reference
from scoring.transaction_import import work as importing
from scoring.transaction_import.domain import KIND
from service_kit.work.jobs import Jobs
from sqlalchemy import delete, select, text, update

HEADER = ("cdnow", "date", "amount", "product", "channel", "cost", "type")
# The first two say the same: two cups of tea on one day.
ROWS = [
    ("C-1", "2026-01-05", "12.5", "tea", "shop", "3", "order"),
    ("C-1", "2026-01-05", "12.5", "tea", "shop", "3", "order"),
    ("C-1", "2026-01-05", "12.5", "tea", "web", "3", "order"),
    ("C-1", "2026-01-05", "12.5", "", "shop", "3", "order"),
    ("C-1", "2026-01-05", "12.5", "tea", "shop", "", "order"),
    ("C-1", "2026-01-05", "12.5", "tea", "shop", "3", "refund"),
    ("C-2", "2026-01-05", "12.5", "tea", "shop", "3", "order"),
    ("C-2", "2026-02-06", "8", "tea, green", "shop", "3", "order"),
]
NEW_ROW = ("C-2", "2026-03-07", "9", "tea", "shop", "3", "order")


def as_csv(rows, header=HEADER, encoding="utf-8", delimiter=",") -> bytes:
    quoted = [
        delimiter.join(f'"{cell}"' if "," in cell or ";" in cell else cell for cell in row)
        for row in (header, *rows)
    ]
    return "\n".join(quoted).encode(encoding)


def as_xlsx(rows, header=HEADER) -> bytes:
    """As Excel saves it: numbers are numbers."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_numbers": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((header, *rows)):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
    return target.getvalue()


def as_ndjson(rows, header=HEADER) -> bytes:
    return "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows).encode()


@pytest.fixture
def two(customers):
    return [customers.add(external=("cdnow", name)) for name in ("C-1", "C-2")]


async def begin(api, content: bytes, name: str = "orders.csv", **form: str) -> str:
    data = {"key": "external:cdnow", "currency": "CNY", **form}
    started = await api.request(
        "POST", "/v1/transaction-imports", files={"file": (name, content)}, data=data
    )
    assert started.status_code == 202, started.text
    return started.headers["Location"]


async def ended(api, path: str) -> dict:
    for _ in range(600):
        work = (await api.get(path)).json()
        if work["state"] in ("done", "failed", "canceled"):
            assert work["state"] == "done", work
            return {name: count for name, count in work["counts"].items() if count}
        await asyncio.sleep(0.05)
    raise AssertionError("the import does not end")


async def imported(api, content: bytes, name: str = "orders.csv", **form: str) -> dict:
    return await ended(api, await begin(api, content, name, **form))


async def sums(api, ids) -> dict:
    async with api.service.database.reading() as reader:
        return {
            each.customer_id: (each.order_amount, each.refund_amount)
            for each in await PurchaseReader(reader).of_customers(ids)
        }


def shuffled(rows) -> list:
    return random.Random(5).sample(rows, len(rows))


AGAIN = {
    "the same": as_csv(ROWS),
    "in another order": as_csv(shuffled(ROWS)),
    "columns moved": as_csv([row[::-1] for row in ROWS], HEADER[::-1]),
    "in gb18030": as_csv(ROWS, encoding="gb18030"),
    "in utf-16": as_csv(ROWS, encoding="utf-16"),
    "with semicolons": as_csv(ROWS, delimiter=";"),
    "as xlsx": as_xlsx(shuffled(ROWS)),
    "as ndjson": as_ndjson(shuffled(ROWS)),
    "amounts with zeros": as_csv([(*row[:2], f"{float(row[2]):.2f}", *row[3:]) for row in ROWS]),
    "times written out": as_csv([(row[0], f"{row[1]}T00:00:00+08:00", *row[2:]) for row in ROWS]),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN.keys())
async def test_a_sheet_saved_again_adds_nothing(api, two, again):
    first = await imported(api, as_csv(ROWS))
    before = await sums(api, two)

    second = await imported(api, again, "copy of orders (2).csv")

    assert (first, second) == ({"created": 8}, {"unchanged": 8})
    assert await sums(api, two) == before


async def test_a_sheet_that_grew_adds_its_new_rows_alone_and_one_more_of_a_kind_is_one_more(
    api, two
):
    await imported(api, as_csv(ROWS))

    grown = await imported(api, as_csv(shuffled([NEW_ROW, ROWS[0], *ROWS])))
    shorter = await imported(api, as_csv(ROWS[:1]))

    assert (grown, shorter) == ({"created": 2, "unchanged": 8}, {"unchanged": 1})


async def test_orders_of_several_sources_are_told_apart_in_any_order(api, two):
    header, rows = (
        (*HEADER, "source"),
        [(*ROWS[0], "shop-a"), (*ROWS[0], "shop-b"), (*ROWS[0], "shop-a")],
    )

    first = await imported(api, as_csv(rows, header))
    second = await imported(api, as_csv(rows[::-1][1:] + rows[:1], header))

    assert (first, second) == ({"created": 3}, {"unchanged": 3})


async def test_a_sheet_by_another_key_holds_the_same_orders(api, two):
    await imported(api, as_csv(ROWS))
    ours = [(str(two[row[0] == "C-2"]), *row[1:]) for row in ROWS]

    assert await imported(api, as_csv(ours, ("customer", *HEADER[1:])), key="") == {"unchanged": 8}


async def test_rows_that_failed_at_first_are_added_when_the_sheet_comes_again(api, customers, two):
    rows = [*ROWS, ("C-3", *ROWS[0][1:]), ("C-3", *ROWS[0][1:])]
    first = await imported(api, as_csv(rows))
    customers.add(external=("cdnow", "C-3"))

    second = await imported(api, as_csv(shuffled(rows)))

    assert (first, second) == ({"created": 8, "failed": 2}, {"created": 2, "unchanged": 8})


@pytest.mark.parametrize("dies_at", [2, 3, 5, 8])
async def test_an_import_that_dies_between_two_of_a_kind_doubles_and_skips_none(
    api, two, monkeypatch, dies_at
):
    rows = [ROWS[0], NEW_ROW, ROWS[0], ROWS[0], NEW_ROW, *ROWS[2:5]]
    monkeypatch.setattr(importing, "CHUNK", 1)
    taken, calls = importing.TransactionImports._take, []

    async def dies_once(self, *given):
        calls.append(given)
        if len(calls) == dies_at:
            raise ConnectionError("killed")
        await taken(self, *given)

    monkeypatch.setattr(importing.TransactionImports, "_take", dies_once)
    monkeypatch.setattr("service_kit.work.jobs.TransactionRolledBack", ConnectionError)

    first = await imported(api, as_csv(rows))
    before = await sums(api, two)
    second = await imported(api, as_csv(shuffled(rows)))

    assert (first, second) == ({"created": 8}, {"unchanged": 8})
    assert await sums(api, two) == before == {two[0]: (625_000 + 125_000, 0), two[1]: (180_000, 0)}


async def test_two_imports_of_the_same_orders_at_once_count_them_once(api, two, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    imports = importing.TransactionImports(
        api.service.database,
        api.service.clock,
        api.service.parts[CustomerFile],
        api.service.settings,
    )
    rival = Jobs(api.service.database, KIND, imports.run, clock=api.service.clock)
    paths = [await begin(api, as_csv(shuffled(ROWS))), await begin(api, as_xlsx(ROWS))]
    await asyncio.gather(*(rival.step() for _ in range(2)))

    counts = [await ended(api, path) for path in paths]

    assert sum(each.get("created", 0) for each in counts) == 8
    assert sum(each.get("unchanged", 0) for each in counts) == 8
    assert await sums(api, two) == {two[0]: (625_000, 125_000), two[1]: (205_000, 0)}


async def test_a_dry_run_of_orders_that_are_there_says_so(api, two):
    await imported(api, as_csv(ROWS))

    assert await imported(api, as_csv(shuffled([*ROWS, NEW_ROW])), dry_run="true") == {
        "created": 1,
        "unchanged": 8,
    }


async def test_orders_that_were_corrected_or_voided_do_not_come_back(api, two):
    await imported(api, as_csv(ROWS))
    items = (await api.get("/v1/transactions", params={"customer_id": str(two[1])})).json()["items"]
    await api.post(f"/v1/transactions/{items[0]['id']}/voiding", {"reason": "a test"})
    await api.post(
        f"/v1/transactions/{items[1]['id']}/correction", {"amount": "10", "reason": "a slip"}
    )

    assert await imported(api, as_xlsx(ROWS)) == {"unchanged": 8}
    assert (await sums(api, two))[two[1]] == (100_000, 0)


async def as_earlier_releases_left_it(api, sha256: str) -> None:
    """Orders without a number are named by their file and row, and by nothing else."""
    async with api.service.database.transaction() as tx:
        await tx.execute(delete(transaction_reference))
        for number, row in enumerate(
            await tx.fetch(select(transaction).order_by(transaction.c.id)), start=2
        ):
            name = {"source": row["source"], "external_id": f"{sha256}:{number}"}
            await tx.execute(
                update(transaction)
                .where(transaction.c.id == row["id"])
                .values(external_id=name["external_id"])
            )
            await tx.execute(
                transaction_reference.insert().values(
                    **name, customer_id=row["customer_id"], transaction_id=row["id"]
                )
            )


async def migrated(api) -> None:
    step = import_module("scoring.migrations.versions.0004_counted_once")
    async with api.service.database.transaction() as tx:
        await tx.execute(text("SET LOCAL search_path TO scoring"))
        await tx.execute(text(step.NAME_BY_LIKENESS))


async def test_a_file_of_an_earlier_release_is_known_by_its_file_and_rows(api, two):
    await imported(api, as_csv(ROWS))
    sha256 = (await sha_of(api))[0]
    await as_earlier_releases_left_it(api, sha256)

    assert await imported(api, as_csv(ROWS)) == {"unchanged": 8}


async def test_orders_of_an_earlier_release_are_known_by_what_they_say(api, two):
    await imported(api, as_csv(ROWS))
    await as_earlier_releases_left_it(api, (await sha_of(api))[0])
    await migrated(api)

    assert await imported(api, as_xlsx(shuffled([*ROWS, NEW_ROW]))) == {
        "created": 1,
        "unchanged": 8,
    }


async def sha_of(api) -> list[str]:
    async with api.service.database.reading() as reader:
        return [row["sha256"] for row in await reader.fetch(select(transaction_import))]


def order(customer, **given) -> dict:
    money = {"amount": "100", "currency": "CNY"}
    return {
        "customer_id": str(customer),
        "occurred_at": "2026-01-05T10:00:00+08:00",
        "amount": money,
        **given,
    }


async def test_a_number_sent_by_every_door_is_one_transaction(api, two):
    numbered = order(two[0], external_id="1001")
    header, row = ("cdnow", "date", "amount", "order_id"), ("C-1", "2026-01-05", "100", "1001")

    assert (await api.post("/v1/transactions", numbered)).status_code == 201
    assert (await api.post("/v1/transactions", numbered)).status_code == 409
    batch = (await api.post("/v1/transactions/batch", {"items": [numbered, numbered]})).json()
    assert (batch["accepted"], batch["duplicates"]) == (0, 2)
    for content in (as_csv([row], header), as_xlsx([row], header), as_ndjson([row], header)):
        assert await imported(api, content) == {"unchanged": 1}
    assert await sums(api, two) == {two[0]: (1_000_000, 0)}


@pytest.mark.parametrize(
    "other",
    [{"amount": {"amount": "7", "currency": "CNY"}}, {"kind": "refund"}, {"customer_id": None}],
)
async def test_a_number_that_is_taken_names_its_transaction_whatever_else_is_said(api, two, other):
    first = await api.post("/v1/transactions", order(two[0], external_id="1"))
    changed = order(two[0], external_id="1") | {
        name: value or str(two[1]) for name, value in other.items()
    }

    single = await api.post("/v1/transactions", changed)
    batch = (
        await api.post(
            "/v1/transactions/batch", {"items": [changed, order(two[1], external_id="2"), changed]}
        )
    ).json()

    assert (single.status_code, single.json()["transaction_id"]) == (409, first.json()["id"])
    assert (batch["accepted"], batch["duplicates"]) == (1, 2)
    assert await sums(api, two) == {two[0]: (1_000_000, 0), two[1]: (1_000_000, 0)}


async def test_a_number_sent_many_times_at_once_is_one_transaction(api, two):
    numbered = order(two[0], external_id="1")
    singles = [api.post("/v1/transactions", numbered) for _ in range(4)]
    batches = [
        api.post(
            "/v1/transactions/batch",
            {"items": [numbered, numbered, order(two[1], external_id="2")]},
        )
        for _ in range(4)
    ]

    answers = await asyncio.gather(*singles, *batches)

    assert {each.status_code for each in answers} <= {200, 201, 409}
    assert await sums(api, two) == {two[0]: (1_000_000, 0), two[1]: (1_000_000, 0)}


def answered(customer, score=1, **given) -> dict:
    ref = {"type": "complaint", "id": "C-1"}
    return {
        "customer_id": str(customer),
        "instrument": "csat",
        "answers": {"score": score, "remark": "x"},
        "ref": ref,
        **given,
    }


async def counted(api, instrument="csat") -> tuple:
    results = (await api.get("/v1/survey-results", params={"instrument": instrument})).json()
    return results["answers"], results["critical"], len(await api.events("survey.answered"))


async def test_the_same_answer_about_one_ref_counts_once(api, two):
    answers = [await api.post("/v1/survey-responses", answered(two[0])) for _ in range(3)]

    assert [each.status_code for each in answers] == [201, 200, 200]
    assert len({each.json()["id"] for each in answers}) == 1
    assert await counted(api) == (1, 1, 1)


async def test_many_at_once_count_once(api, two):
    answers = await asyncio.gather(
        *(api.post("/v1/survey-responses", answered(two[0])) for _ in range(8))
    )

    assert sorted(each.status_code for each in answers) == [200] * 7 + [201]
    assert await counted(api) == (1, 1, 1)


@pytest.mark.parametrize(
    "answers", [{"score": 5}, {"score": 1, "remark": "y"}, {"score": 1, "remark": None}]
)
async def test_another_answer_about_the_same_ref_is_refused_and_names_the_first(api, two, answers):
    first = await api.post("/v1/survey-responses", answered(two[0]))

    other = await api.post("/v1/survey-responses", answered(two[0], answers=answers))

    assert (other.status_code, other.json()["response_id"]) == (409, first.json()["id"])
    assert await counted(api) == (1, 1, 1)


async def test_other_customers_instruments_and_refs_count_and_so_does_every_answer_without_a_ref(
    api, two
):
    bodies = [answered(two[0]), answered(two[1]), answered(two[0], instrument="nps")]
    bodies += [
        answered(two[0], ref={"type": "contact", "id": "C-1"}),
        answered(two[0], ref={"type": "complaint", "id": "C-2"}),
    ]
    bodies += [answered(two[0], ref=None), answered(two[0], ref=None)]

    assert [(await api.post("/v1/survey-responses", body)).status_code for body in bodies] == [
        201
    ] * 7
    assert (await counted(api))[0] == 6


async def test_an_answer_that_an_earlier_release_recorded_is_the_first(api, two):
    first = (await api.post("/v1/survey-responses", answered(two[0]))).json()
    async with api.service.database.transaction() as tx:
        await tx.execute(delete(survey_reference))

    again = await api.post("/v1/survey-responses", answered(two[0]))

    assert (again.status_code, again.json()["id"]) == (200, first["id"])
