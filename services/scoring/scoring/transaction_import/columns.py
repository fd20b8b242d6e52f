"""Which column of a sheet fills which field:
by an explicit mapping, else by the names that sheets usually have.
"""

import re
from collections.abc import Mapping, Sequence

from service_kit.sheet.columns import contested
from service_kit.words.errors import Refusal
from service_kit.words.messages import said
from service_kit.words.names import folded

from scoring.transaction_import.domain import Order

FIELDS = (
    "customer",
    "occurred_at",
    "amount",
    "currency",
    "cost",
    "kind",
    "product",
    "channel",
    "external_id",
    "source",
)
# What people write above their columns, without case, spaces and punctuation.
USUAL: Mapping[str, str] = {
    "customerid": "customer", "customername": "customer", "客户": "customer",
    "客户编号": "customer", "客户号": "customer", "date": "occurred_at", "day": "occurred_at",
    "orderdate": "occurred_at", "ordertime": "occurred_at", "time": "occurred_at",
    "日期": "occurred_at", "订单日期": "occurred_at", "交易日期": "occurred_at",
    "交易时间": "occurred_at", "下单时间": "occurred_at", "occurred": "occurred_at",
    "sum": "amount", "value": "amount", "total": "amount", "price": "amount", "dollars": "amount",
    "金额": "amount", "订单金额": "amount", "交易金额": "amount", "币种": "currency",
    "货币": "currency", "成本": "cost", "costs": "cost", "类型": "kind", "type": "kind",
    "产品": "product", "商品": "product", "sku": "product", "渠道": "channel",
    "orderid": "external_id", "ordernumber": "external_id", "orderno": "external_id",
    "transactionid": "external_id", "订单号": "external_id", "订单编号": "external_id",
    "交易号": "external_id",
}  # fmt: skip
PUNCTUATION = re.compile(r"[\s_\-.:()（）/*]+")


class ColumnsMissing(Refusal):
    """The sheet lacks columns that every transaction needs."""


class ColumnsContested(Refusal):
    """Two columns of the sheet would fill one field; say in `mapping` which one does."""


def fields_of(columns: Sequence[str], order: Order) -> dict[str, str]:
    """The column of each field, by the mapping (either way round), else by the usual names;
    ColumnsMissing, ColumnsContested.
    """
    found = _by_field([(column, _mapped(column, columns, order)) for column in columns])
    rest = [(column, _usual(column)) for column in columns if column not in found.values()]
    found |= _by_field([(column, field) for column, field in rest if field not in found])
    if "customer" not in found and order.key:
        stand_in = next(
            (
                column
                for column in columns
                if column not in found.values() and _bare(column) in _key_names(order.key)
            ),
            None,
        )
        if stand_in is not None:
            found["customer"] = stand_in
    missing = [field for field in ("customer", "occurred_at", "amount") if field not in found]
    if missing:
        raise ColumnsMissing(
            said(
                "the sheet has no column for {fields}; say in `mapping` which one it is",
                fields=", ".join(missing),
            )
        )
    return found


def ignored_of(columns: Sequence[str], fields: Mapping[str, str]) -> list[str]:
    """The columns that nobody takes."""
    return [column for column in columns if column and column not in fields.values()]


def _by_field(named: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The column of each field; two for one are refused."""
    taken = [(column, field) for column, field in named if field]
    if told := contested(taken):
        raise ColumnsContested(told)
    return {field: column for column, field in taken}


def _mapped(column: str, columns: Sequence[str], order: Order) -> str:
    for one, other in order.mapping.items():
        if one == column and (field := _named(other, order)):
            return field
        if other == column and one not in columns and (field := _named(one, order)):
            return field
    return ""


def _usual(column: str) -> str:
    bare = _bare(column)
    named = {_bare(field): field for field in FIELDS}
    return named.get(bare) or USUAL.get(bare, "")


def _named(target: str, order: Order) -> str:
    """The field that the mapping means;
    the key that customers are named by stands for the customer, as in imports of customers.
    """
    return "customer" if order.key and target == order.key else target if target in FIELDS else ""


def _key_names(key: str) -> set[str]:
    system = key.partition(":")[2]
    return {_bare(name) for name in (key, system, f"{system}id", "id", "编号") if name}


def _bare(column: str) -> str:
    return PUNCTUATION.sub("", folded(column))
