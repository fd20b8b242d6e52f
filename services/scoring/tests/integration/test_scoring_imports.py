"""Imports of transactions over the API:
every format, errors by row, dry runs, the same file twice, a silent customer file.
"""

import asyncio
import io
import json

import pytest
import xlsxwriter
from scoring.purchase.store import PurchaseReader
from scoring.tables import transaction_import_piece
from sqlalchemy import func, select

ROWS = [
    ("C-1", "1997-01-01", "29.33", "o-1"),
    ("C-1", "1997-01-18", "29.73", "o-2"),
    ("C-2", "1997-01-01", "63.34", "o-3"),
]
HEADER = ("cdnow", "date", "amount", "order_id")


def as_csv(rows=ROWS, header=HEADER, encoding="utf-8") -> bytes:
    return "\n".join(",".join(row) for row in (header, *rows)).encode(encoding)


def as_ndjson(rows=ROWS) -> bytes:
    return "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in rows).encode()


def as_xlsx(rows=ROWS) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((HEADER, *rows)):
            sheet.write_row(number, 0, row)
    return target.getvalue()


@pytest.fixture
def two_customers(customers):
    return [customers.add(external=("cdnow", name)) for name in ("C-1", "C-2")]


async def imported(api, content: bytes, name: str = "orders.csv", **form: str) -> dict:
    data = {"key": "external:cdnow", "currency": "USD", **form}
    started = await api.request(
        "POST", "/v1/transaction-imports", files={"file": (name, content)}, data=data
    )
    assert started.status_code == 202, started.text
    for _ in range(300):
        work = (await api.get(started.headers["Location"])).json()
        if work["state"] in ("done", "failed", "canceled"):
            return work
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {work}")


async def the_sums(api, ids) -> dict:
    async with api.service.database.reading() as reader:
        return {
            each.customer_id: (each.order_days, each.order_amount)
            for each in await PurchaseReader(reader).of_customers(ids)
        }


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (as_csv(), "o.csv"),
        (as_csv(encoding="utf-16"), "o.csv"),
        (as_ndjson(), "o.ndjson"),
        (as_xlsx(), "o.xlsx"),
    ],
)
async def test_a_sheet_of_any_format_becomes_transactions(api, two_customers, content, name):
    work = await imported(api, content, name)

    assert (work["state"], work["progress"], work["counts"]["created"]) == (
        "done",
        {"done": 3, "total": 3},
        3,
    )
    assert await the_sums(api, two_customers) == {
        two_customers[0]: (2, 590_600),
        two_customers[1]: (1, 633_400),
    }


async def test_the_same_file_again_adds_nothing_with_or_without_order_numbers(api, two_customers):
    unnumbered = as_csv([row[:3] for row in ROWS], HEADER[:3])

    first = [await imported(api, as_csv()), await imported(api, unnumbered)]
    again = [await imported(api, as_csv()), await imported(api, unnumbered)]

    assert [work["counts"]["created"] for work in first] == [3, 3]
    assert [work["counts"]["unchanged"] for work in again] == [3, 3]
    assert await the_sums(api, two_customers) == {
        two_customers[0]: (2, 1_181_200),
        two_customers[1]: (1, 1_266_800),
    }


async def test_a_dry_run_says_the_same_and_writes_nothing(api, two_customers):
    work = await imported(api, as_csv(), dry_run="true")

    assert work["counts"]["created"] == 3
    assert await the_sums(api, two_customers) == {}
    assert await api.events() == []
    assert (await imported(api, as_csv()))["counts"]["created"] == 3


async def test_rows_that_cannot_be_taken_are_listed_with_their_reason(api, two_customers):
    rows = [
        *ROWS,
        ("C-9", "1997-01-01", "1", "x"),
        ("C-1", "1997-13-01", "1", "y"),
        ("C-1", "1997-01-01", "=1+1", "z"),
        ("", "1997-01-01", "1", "q"),
    ]

    work = await imported(api, as_csv(rows))

    assert (work["counts"]["created"], work["counts"]["failed"]) == (3, 4)
    errors = (await api.get(work["errors_url"])).json()["items"]
    assert [each["row"] for each in errors] == [5, 6, 7, 8]
    assert errors[0]["detail"] == "there is no such customer"


async def test_what_would_be_changed_in_silence_is_listed_instead(api, two_customers):
    long = "n" * 200
    rows = [
        ("C-1", "1997-01-01", "1", long, "-5.00"),
        ("C-1", "1997-01-01", "1", f"{long}1", "5.00"),
        ("C-1", "1997-01-01", "1", f"{long}2", "5.00"),
        ("C-1", "1997-01-01", "1", long, "5.00"),
    ]

    work = await imported(api, as_csv(rows, (*HEADER, "cost")))

    assert (work["counts"]["created"], work["counts"]["unchanged"], work["counts"]["failed"]) == (
        1,
        0,
        3,
    )
    errors = (await api.get(work["errors_url"])).json()["items"]
    assert [
        "negative" in errors[0]["detail"],
        *("200" in each["detail"] for each in errors[1:]),
    ] == [True, True, True]


async def test_negative_amounts_are_refunds_and_usual_notations_are_read(api, two_customers):
    header = ("客户编号", "日期", "金额", "币种", "订单号")
    rows = [
        ("C-1", "19970101", '"1,234.50"', "cny", "1"),
        ("C-1", "1997/01/05", "-34.50", "CNY", "2"),
        ("C-2", "1997-01-01T23:30:00Z", "¥5", "CNY", "3"),
    ]

    work = await imported(api, as_csv(rows, header, "gb18030"))

    assert work["counts"]["created"] == 3
    async with api.service.database.reading() as reader:
        found = {
            each.customer_id: each
            for each in await PurchaseReader(reader).of_customers(two_customers)
        }
    assert (found[two_customers[0]].net, found[two_customers[0]].order_days) == (12_000_000, 1)
    assert str(found[two_customers[1]].first_day) == "1997-01-02"


async def test_columns_are_named_by_the_mapping_either_way_round(api, two_customers):
    header = ("who", "when", "how much", "no")
    mapping = {"who": "customer", "when": "occurred_at", "how much": "amount", "no": "external_id"}

    one = await imported(api, as_csv(header=header), mapping=json.dumps(mapping))
    other = await imported(
        api,
        as_csv(header=header),
        mapping=json.dumps({field: column for column, field in mapping.items()}),
    )

    by_key = await imported(
        api, as_csv(header=header), mapping=json.dumps({**mapping, "who": "external:cdnow"})
    )

    assert (
        one["counts"]["created"],
        other["counts"]["unchanged"],
        by_key["counts"]["unchanged"],
    ) == (3, 3, 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "no column for"),
        (b"PK\x03\x04nonsense", "archive"),
        (b"\xd0\xcf\x11\xe0old", "XLS"),
        (b"\xff\xfe\xff", "neither"),
    ],
)
async def test_a_file_that_is_no_sheet_of_transactions_fails_with_its_reason(api, content, reason):
    work = await imported(api, content)

    assert work["state"] == "failed"
    assert reason in work["error"]


async def test_forms_that_mean_nothing_are_refused_at_once(api):
    wrong = [("mapping", "[]"), ("mapping", '{"a": 1}'), ("key", "external"), ("currency", "usd")]
    wrong += [("dry_run", each) for each in ("yes", "2", "null")]
    for form in ({name: value} for name, value in wrong):
        answer = await api.request(
            "POST", "/v1/transaction-imports", files={"file": ("o.csv", as_csv())}, data=form
        )
        assert answer.status_code == 422, form


@pytest.mark.parametrize("part", [b"true", b""])
async def test_a_dry_run_that_is_a_file_is_refused(api, part):
    files = {"file": ("o.csv", as_csv()), "dry_run": ("dry_run", part)}

    assert (await api.request("POST", "/v1/transaction-imports", files=files)).status_code == 422


async def test_an_import_waits_for_customer_profile_and_goes_on(api, customers, two_customers):
    customers.is_silent = True
    task = asyncio.create_task(imported(api, as_csv()))
    await asyncio.sleep(1.5)

    customers.is_silent = False

    assert (await task)["counts"]["created"] == 3


async def test_an_import_by_our_own_ids_waits_too_where_units_have_to_be_known(api, customers):
    customer = customers.add(unit="cn.gd")
    customers.is_silent = True
    local = api.as_("transactions:read", "transactions:write", units=["cn.gd"])
    sheet = as_csv([(str(customer), "1997-01-01", "5", "1")], ("customer", *HEADER[1:]))
    task = asyncio.create_task(imported(local, sheet, key=""))
    for _ in range(200):
        if customers.questions >= 2:
            break
        await asyncio.sleep(0.05)

    customers.is_silent = False

    assert (await task)["counts"] == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "failed": 0,
    }


@pytest.mark.parametrize("import_wait_seconds", [0.01])
async def test_an_import_fails_when_customer_profile_stays_silent(api, customers):
    customers.is_silent = True

    work = await imported(api, as_csv())

    assert (work["state"], "in time" in work["error"]) == ("failed", True)


async def no_piece_is_left(api) -> bool:
    async with api.service.database.reading() as reader:
        for _ in range(100):
            if (
                await reader.fetch_value(select(func.count()).select_from(transaction_import_piece))
                == 0
            ):
                return True
            await asyncio.sleep(0.05)
    return False


async def test_no_sheet_is_kept_longer_than_its_import(api, customers, two_customers):
    failed = await imported(api, b"a,b\n1,2\n")
    done = await imported(api, as_csv())

    assert [failed["state"], done["state"]] == ["failed", "done"]
    assert await no_piece_is_left(api)


async def test_a_canceled_import_leaves_no_sheet(api, customers):
    customers.is_silent = True
    data = {"key": "external:cdnow", "currency": "USD"}
    paths = []
    for number in range(2):
        files = {"file": ("orders.csv", as_csv(header=(*HEADER[:3], f"order_id{number}")))}
        paths.append(
            (await api.request("POST", "/v1/transaction-imports", files=files, data=data)).headers[
                "Location"
            ]
        )

    for path in reversed(paths):
        assert (await api.post(f"{path}/cancellation")).status_code == 200
    customers.is_silent = False

    assert await no_piece_is_left(api)


async def test_customers_named_by_our_own_ids_need_no_key(api, customers):
    customer = customers.add()

    work = await imported(
        api,
        as_csv(
            [(str(customer), "1997-01-01", "5", "1"), ("nobody", "1997-01-01", "5", "2")],
            ("customer", *HEADER[1:]),
        ),
        key="",
    )

    assert (work["counts"]["created"], work["counts"]["failed"]) == (1, 1)


async def test_an_import_of_a_token_with_units_reaches_only_its_customers(api, customers):
    customers.add(unit="cn.gd", external=("cdnow", "C-1"))
    customers.add(unit="cn.bj", external=("cdnow", "C-2"))
    local = api.as_("transactions:read", "transactions:write", units=["cn.gd"])

    work = await imported(local, as_csv())

    assert (work["counts"]["created"], work["counts"]["failed"]) == (2, 1)
    assert (
        await api.as_("transactions:read", units=["cn.bj"]).get(
            f"/v1/transaction-imports/{work['id']}"
        )
    ).status_code == 404


async def test_an_import_whose_worker_died_goes_on_behind_its_last_chunk(
    api, customers, two_customers, monkeypatch
):
    from scoring.transaction_import import work as importing

    monkeypatch.setattr(importing, "CHUNK", 1)
    taken = importing.TransactionImports._take
    calls = []

    async def dies_once(self, *given):
        calls.append(given)
        if len(calls) == 2:
            raise ConnectionError("killed")
        await taken(self, *given)

    monkeypatch.setattr(importing.TransactionImports, "_take", dies_once)
    monkeypatch.setattr("service_kit.work.jobs.TransactionRolledBack", ConnectionError)

    work = await imported(api, as_csv())

    assert (work["state"], work["counts"]["created"]) == ("done", 3)


async def reasons(api, work) -> list[tuple[int, str]]:
    return [
        (each["row"], each["detail"])
        for each in (await api.get(work["errors_url"])).json()["items"]
    ]


async def test_days_are_read_as_they_are_written_and_what_may_mean_two_days_is_refused(
    api, two_customers
):
    days = [
        "2026/5/4",
        "2026年5月3日",
        "2026.5.2",
        "1-May-2026",
        "2026/5/4 9:30".replace(" 9", " 09"),
        "5/6/2026",
        "46150",
        "26-05-04",
    ]
    rows = [("C-1", day, "1.00", f"o-{number}") for number, day in enumerate(days)]

    work = await imported(api, as_csv(rows))

    assert (work["counts"]["created"], [row for row, _ in await reasons(api, work)]) == (
        5,
        [7, 8, 9],
    )


@pytest.mark.parametrize(
    "amount",
    ["人民币5元", "(50.00)", "1.2E+3", "47.410000000000004", "#####", "€5", "￥5", "1,20", "5-"],
)
async def test_a_sum_that_is_not_certain_is_refused(api, two_customers, amount):
    work = await imported(api, as_csv([("C-1", "2026-05-04", f'"{amount}"', "o-1")]))

    assert (work["counts"]["created"], work["counts"]["failed"]) == (0, 1)


async def test_numbers_that_a_spreadsheet_destroyed_join_neither_customers_nor_orders(
    api, customers, two_customers
):
    for broken in ("1.00002E+11", "1.00002E11", "2026-05-01", "110101199003070000"):
        customers.add(external=("cdnow", broken))
    rows = [
        ("1.00002E+11", "2026-05-04", "1", "o-1"),
        ("2026-05-01", "2026-05-04", "1", "o-2"),
        ("110101199003070000", "2026-05-04", "1", "o-3"),
        ("1.00002E11", "2026-05-04", "1", "o-5"),
        ("C-1", "2026-05-04", "1", "2.02605E+17"),
        ("C-1", "2026-05-04", "1", "2.02605E+17"),
        ("C-1", "2026-05-04", "1", "12e5"),
        ("#N/A", "2026-05-04", "1", "o-4"),
    ]

    work = await imported(api, as_csv(rows))

    assert (work["counts"]["created"], work["counts"]["unchanged"], work["counts"]["failed"]) == (
        0,
        0,
        8,
    )


async def test_an_identifier_that_several_customers_share_names_nobody(api, customers):
    customers.share("phone", "13955550001")
    rows = [("13955550001", "2026-05-04", "1", "o-1")]

    work = await imported(
        api, as_csv(rows, ("customer", "date", "amount", "order_id")), key="phone"
    )

    assert await reasons(api, work) == [(2, "several customers share this identifier")]


async def test_columns_that_nobody_takes_are_named_and_two_for_one_field_are_refused(
    api, two_customers
):
    taken = await imported(api, as_csv([(*ROWS[0], "x")], (*HEADER, "备注")))
    rivals = await imported(api, as_csv([(*ROWS[0], "5")], (*HEADER, "total")))
    told = await imported(
        api, as_csv([(*ROWS[0], "5")], (*HEADER, "total")), mapping=json.dumps({"total": "amount"})
    )

    fields = {
        "cdnow": "customer",
        "date": "occurred_at",
        "amount": "amount",
        "order_id": "external_id",
    }
    assert taken["columns"] == {"taken": fields, "ignored": ["备注"]}
    assert (rivals["state"], rivals["result"]) == ("failed", None)
    assert (
        rivals["error"]
        == "the columns 'amount' and 'total' both fill amount; say in `mapping` which one does"
    )
    assert told["columns"]["ignored"] == ["amount"]


async def test_an_encoding_that_is_not_certain_is_refused_until_it_is_named(api, customers):
    customers.add(external=("cdnow", "Łódź-1"))
    content = "cdnow,date,amount\nŁódź-1,2026-05-04,1\n".encode("windows-1250")

    refused = await imported(api, content)
    named = await imported(api, content, encoding="windows-1250")

    assert (refused["state"], refused["columns"]) == ("failed", None)
    assert "encoding" in refused["error"]
    assert named["counts"]["created"] == 1
