"""What an import of transactions was asked to do, and how it reads one row of a sheet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.errors import NotFound, Refusal
from service_kit.messages import said
from service_kit.sheet.domain import Value

from scoring.amounts import in_units
from scoring.customer.domain import KnownCustomer
from scoring.transaction.domain import Kind, Transaction, TransactionLiesAhead, day_in
from scoring.transaction_import.likeness import PREFIX, Likes

KIND = "transaction_import"
FIELDS = ("customer", "occurred_at", "amount", "currency", "cost", "kind", "product", "channel", "external_id", "source")
# What people write above their columns, without case, spaces and punctuation.
USUAL: Mapping[str, str] = {
    "customerid": "customer", "customername": "customer", "客户": "customer", "客户编号": "customer", "客户号": "customer",
    "date": "occurred_at", "day": "occurred_at", "orderdate": "occurred_at", "ordertime": "occurred_at", "time": "occurred_at",
    "日期": "occurred_at", "订单日期": "occurred_at", "交易日期": "occurred_at", "交易时间": "occurred_at", "下单时间": "occurred_at",
    "occurred": "occurred_at", "sum": "amount", "value": "amount", "total": "amount", "price": "amount", "dollars": "amount",
    "金额": "amount", "订单金额": "amount", "交易金额": "amount", "币种": "currency", "货币": "currency", "成本": "cost", "costs": "cost",
    "类型": "kind", "type": "kind", "产品": "product", "商品": "product", "sku": "product", "渠道": "channel",
    "orderid": "external_id", "ordernumber": "external_id", "orderno": "external_id", "transactionid": "external_id",
    "订单号": "external_id", "订单编号": "external_id", "交易号": "external_id",
}  # fmt: skip
REFUNDS = {"refund", "return", "退款", "退货"}
ORDERS = {"order", "sale", "purchase", "订单", "购买", "销售"}
PUNCTUATION = re.compile(r"[\s_\-.:()（）/*]+")
AMOUNT = re.compile(r"[¥￥$€£]?\s*(-?)\s*[¥￥$€£]?(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,4}0*)?", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
COMPACT_DAY = re.compile(r"(\d{4})[/.]?(\d{2})[/.]?(\d{2})", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
LONGEST_EXTERNAL_ID = 200
EARLIEST, LATEST = datetime(1800, 1, 2, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)


class TransactionImportNotFound(NotFound):
    """There is no such import, or it lies outside what this token may see."""


class ColumnsMissing(Refusal):
    """The sheet lacks columns that every transaction needs."""


class RowNotReadable(Exception):
    """Why one row is not taken; it never holds the row's own values."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for: how customers are named, which column is what, whether to write."""

    filename: str
    sha256: str
    key: str
    currency: str
    mapping: Mapping[str, str]
    dry_run: bool
    units: Sequence[str] | None


def fields_of(columns: Sequence[str], order: Order) -> dict[str, str]:
    """The column of each field, by the mapping (either way round), else by the usual names; ColumnsMissing."""
    found = {field: column for column in columns if (field := _field_of(column, columns, order))}
    if "customer" not in found and order.key:
        stand_in = next((column for column in columns if _bare(column) in _key_names(order.key)), None)
        if stand_in is not None:
            found["customer"] = stand_in
    missing = [field for field in ("customer", "occurred_at", "amount") if field not in found]
    if missing:
        raise ColumnsMissing(said("the sheet has no column for {fields}; say in `mapping` which one it is", fields=", ".join(missing)))
    return found


def _field_of(column: str, columns: Sequence[str], order: Order) -> str:
    for one, other in order.mapping.items():
        if one == column and (field := _named(other, order)):
            return field
        if other == column and one not in columns and (field := _named(one, order)):
            return field
    bare = _bare(column)
    named = {_bare(field): field for field in FIELDS}
    return named.get(bare) or USUAL.get(bare, "")


def _named(target: str, order: Order) -> str:
    """The field that the mapping means; the key that customers are named by stands for the customer, as in imports of customers."""
    return "customer" if order.key and target == order.key else target if target in FIELDS else ""


def _key_names(key: str) -> set[str]:
    system = key.partition(":")[2]
    return {_bare(name) for name in (key, system, f"{system}id", "id", "编号") if name}


def _bare(column: str) -> str:
    return PUNCTUATION.sub("", column).lower()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A row as read: the customer still by name."""

    row: int
    customer: str
    transaction: Transaction

    def of(self, customer: KnownCustomer, *, likes: Likes) -> Self:
        """The order of a customer, with a name by which it is known again."""
        owned = replace(self.transaction, customer_id=customer.id)
        return replace(self, transaction=replace(owned, external_id=owned.external_id or likes.name(owned)))

    def name_in(self, file: str) -> tuple[str, str]:
        """How earlier releases named an order without a number: by its file and row."""
        return self.transaction.source, f"{file}:{self.row}"

    @property
    def is_named_by_likeness(self) -> bool:
        return (self.transaction.external_id or "").startswith(PREFIX)


def drafted(
    row: int, values: Mapping[str, Value], fields: Mapping[str, str], order: Order, *, id: UUID, at: datetime, zone: ZoneInfo
) -> Draft:
    """A transaction from one row; RowNotReadable with the reason.

    A negative amount is a refund. Without an external id it has none yet: see `likeness`.
    """
    cells = {field: _cell(values.get(column)) for field, column in fields.items()}
    customer = cells["customer"]
    if not customer or len(customer) > 200:
        raise RowNotReadable("the customer is missing")
    amount, is_negative = _amount(cells["amount"], "amount")
    cost = _cost(cells.get("cost", ""))
    occurred_at = _moment(cells["occurred_at"], zone)
    try:
        day = day_in(zone, occurred_at, at=at)
    except TransactionLiesAhead as refusal:
        raise RowNotReadable(refusal.detail) from refusal
    external_id = _external_id(cells.get("external_id", ""))
    transaction = Transaction(
        id=id,
        customer_id=UUID(int=0),
        kind=_kind(cells.get("kind", ""), is_negative=is_negative),
        currency=_currency(cells.get("currency") or order.currency),
        occurred_at=occurred_at,
        day=day,
        amount=amount,
        cost=cost,
        product=cells.get("product", "")[:200] or None,
        channel=_code(cells.get("channel", ""), "channel") or None,
        source=_code(cells.get("source", ""), "source") or ("default" if external_id else "import"),
        external_id=external_id or None,
        state="recorded",
        recorded_at=at,
        version=1,
    )
    return Draft(row=row, customer=customer, transaction=transaction)


def _cell(value: "Value | None") -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowNotReadable("a cell holds a list or an object")
    if "\0" in value or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise RowNotReadable("a cell holds characters that text cannot hold")
    return value.strip()


def _amount(text: str, name: str) -> tuple[int, bool]:
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise RowNotReadable(said("the {name} is not an amount with up to twelve digits and four decimals", name=name))
    number = Decimal(found[2].replace(",", "") + (found[3] or ""))
    return in_units(number), bool(found[1])


def _cost(text: str) -> int | None:
    if not text:
        return None
    cost, is_negative = _amount(text, "cost")
    if is_negative:
        raise RowNotReadable("the cost is negative")
    return cost


def _external_id(text: str) -> str:
    if len(text) > LONGEST_EXTERNAL_ID:
        raise RowNotReadable(said("the external id has more than {most} characters", most=LONGEST_EXTERNAL_ID))
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
        raise RowNotReadable(said("the {name} is not a code of letters, digits and ._:-", name=name))
    return text


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A day or a time; without an offset in the company's time zone."""
    try:
        compact = COMPACT_DAY.fullmatch(text)
        if compact:
            found = datetime.combine(date(*(int(part) for part in compact.groups())), time())
        else:
            found = datetime.fromisoformat(text.replace("/", "-"))
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RowNotReadable("the time is neither YYYY-MM-DD nor a time of ISO 8601") from error
    if not EARLIEST <= moment <= LATEST:
        raise RowNotReadable("the time lies outside 1800 to 2199")
    return moment
