"""One row of a sheet as a transaction, its customer still by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.sheet import cells
from service_kit.sheet.cells import CellSpoiled
from service_kit.sheet.columns import LONGEST_SHOWN
from service_kit.sheet.days import day_of
from service_kit.sheet.domain import Value
from service_kit.words.messages import said, sentence

from scoring.amounts import in_units
from scoring.customer.domain import KnownCustomer
from scoring.transaction.domain import Kind, Transaction, TransactionLiesAhead, day_in
from scoring.transaction_import.domain import Order
from scoring.transaction_import.unnumbered_orders import PREFIX, Likes

REFUNDS = {"refund", "return", "退款", "退货"}
ORDERS = {"order", "sale", "purchase", "订单", "购买", "销售"}
AMOUNT = re.compile(
    r"[¥￥$€£]?\s*(-?)\s*[¥￥$€£]?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,4}0*)?", re.ASCII
)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
# What a sign before a sum may stand for; a sum in another currency is not what was written.
SIGNS = {
    "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}),
    "$": frozenset({"USD", "HKD", "SGD", "TWD", "AUD", "CAD", "NZD", "MXN"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
}
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
IDENTITIES = frozenset({"customer", "external_id"})
LONGEST_EXTERNAL_ID = 200
LONGEST_PRODUCT = 200
EARLIEST, LATEST = datetime(1800, 1, 2, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)


class RowNotReadable(Exception):
    """Why one row is not taken; it never holds the row's own values."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A row as read: the customer still by name."""

    row: int
    customer: str
    transaction: Transaction

    def of(self, customer: KnownCustomer, *, likes: Likes) -> Self:
        """The order of a customer, with a name by which it is known again."""
        owned = replace(self.transaction, customer_id=customer.id)
        return replace(
            self, transaction=replace(owned, external_id=owned.external_id or likes.name(owned))
        )

    def name_in(self, file: str) -> tuple[str, str]:
        """How earlier releases named an order without a number: by its file and row."""
        return self.transaction.source, f"{file}:{self.row}"

    @property
    def is_named_by_likeness(self) -> bool:
        return (self.transaction.external_id or "").startswith(PREFIX)


def drafted(
    row: int,
    values: Mapping[str, Value],
    fields: Mapping[str, str],
    order: Order,
    *,
    id: UUID,
    at: datetime,
    zone: ZoneInfo,
) -> Draft:
    """A transaction from one row; RowNotReadable with the reason.

    A negative amount is a refund. Without an external id it has none yet: see `unnumbered_orders`.
    """
    row_cells = {field: _cell(field, column, values) for field, column in fields.items()}
    customer = row_cells["customer"]
    if not customer or len(customer) > 200:
        raise RowNotReadable("the customer is missing")
    currency = _currency(row_cells.get("currency") or order.currency)
    amount, is_negative = _amount(row_cells["amount"], "amount", currency)
    cost = _cost(row_cells.get("cost", ""), currency)
    occurred_at = _moment(row_cells["occurred_at"], zone)
    try:
        day = day_in(zone, occurred_at, at=at)
    except TransactionLiesAhead as refusal:
        raise RowNotReadable(refusal.detail) from refusal
    external_id = _external_id(row_cells.get("external_id", ""))
    transaction = Transaction(
        id=id,
        customer_id=UUID(int=0),
        kind=_kind(row_cells.get("kind", ""), is_negative=is_negative),
        currency=currency,
        occurred_at=occurred_at,
        day=day,
        amount=amount,
        cost=cost,
        product=_product(row_cells.get("product", "")) or None,
        channel=_code(row_cells.get("channel", ""), "channel") or None,
        source=_code(row_cells.get("source", ""), "source")
        or ("default" if external_id else "import"),
        external_id=external_id or None,
        state="recorded",
        recorded_at=at,
        version=1,
    )
    return Draft(row=row, customer=customer, transaction=transaction)


def _cell(field: str, column: str, values: Mapping[str, Value]) -> str:
    """The text of a cell. The number of a customer or an order is as it was before a spreadsheet
    took it for one: spoiled ones join what is apart.
    """
    value = values.get(column, "")
    if not isinstance(value, str):
        raise _not_readable(column, "a cell holds a list or an object")
    if "\0" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise _not_readable(column, "a cell holds characters that text cannot hold")
    try:
        return cells.as_number(value) if field in IDENTITIES else cells.as_shown(value)
    except CellSpoiled as error:
        raise _not_readable(column, error.detail) from error


def _not_readable(column: str, why: str) -> RowNotReadable:
    shown = column[:LONGEST_SHOWN]
    return RowNotReadable(said("the column '{column}': {why}", column=shown, why=sentence(why)))


def _amount(text: str, name: str, currency: str) -> tuple[int, bool]:
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise RowNotReadable(
            said(
                "the {name} is not an amount with up to twelve digits and four decimals", name=name
            )
        )
    if any(sign in text and currency not in meant for sign, meant in SIGNS.items()):
        raise RowNotReadable(said("the sign of the {name} is not one of the currency", name=name))
    number = Decimal(found[2].replace(",", "") + (found[3] or ""))
    return in_units(number), bool(found[1])


def _cost(text: str, currency: str) -> int | None:
    if not text:
        return None
    cost, is_negative = _amount(text, "cost", currency)
    if is_negative:
        raise RowNotReadable("the cost is negative")
    return cost


def _external_id(text: str) -> str:
    if len(text) > LONGEST_EXTERNAL_ID:
        raise RowNotReadable(
            said("the external id has more than {most} characters", most=LONGEST_EXTERNAL_ID)
        )
    return text


def _product(text: str) -> str:
    if len(text) > LONGEST_PRODUCT:
        raise RowNotReadable(
            said("the product has more than {most} characters", most=LONGEST_PRODUCT)
        )
    return text


def _kind(text: str, *, is_negative: bool) -> Kind:
    word = text.lower()
    if word in REFUNDS or (is_negative and not word):
        return "refund"
    if (word in ORDERS or not word) and not is_negative:
        return "order"
    raise RowNotReadable("the kind is neither order nor refund, or an order is negative")


def _currency(text: str) -> str:
    if not CURRENCY.fullmatch(text.upper()):
        raise RowNotReadable("the currency is not three letters")
    return text.upper()


def _code(text: str, name: str) -> str:
    if text and not CODE.fullmatch(text):
        raise RowNotReadable(
            said("the {name} is not a code of letters, digits and ._:-", name=name)
        )
    return text


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A day or a time; without an offset in the company's time zone."""
    try:
        found = _of_day(text) or datetime.fromisoformat(text)
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RowNotReadable("the time is neither YYYY-MM-DD nor a time of ISO 8601") from error
    if not EARLIEST <= moment <= LATEST:
        raise RowNotReadable("the time lies outside 1800 to 2199")
    return moment


def _of_day(text: str) -> datetime | None:
    """A day in one of the ways of writing, and what stands behind it as the time;
    None for other ways. ValueError as in `day_of`.
    """
    written, _, clock = text.replace("T", " ", 1).partition(" ")
    day = day_of(text) or day_of(written)
    if day is None:
        return None
    is_whole = day_of(text) is not None
    return (
        datetime.combine(day, time())
        if is_whole
        else datetime.fromisoformat(f"{day.isoformat()}T{clock.strip()}")
    )
