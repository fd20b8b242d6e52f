"""The columns that go to the calculator and come back, in their order,
with their Postgres types.
"""

_HISTORY = {
    "order_days": "int4",
    "first_day": "date",
    "last_day": "date",
    "first_day_amount": "int8",
    "order_amount": "int8",
    "order_cost": "int8",
    "refund_amount": "int8",
    "refund_cost": "int8",
}
CALIBRATION = {
    "order_days": "int4",
    "recency": "int4",
    "age": "int4",
    "order_amount": "int8",
    "first_day_amount": "int8",
    "refund_amount": "int8",
}
CUTS = {"last_day": "date", "order_days": "int4", "net": "int8", "first_day": "date"}
INPUTS = {"customer_id": "uuid", **_HISTORY}
CARD = {
    "customer_id": "uuid",
    "id": "uuid",
    "run_id": "uuid",
    "currency": "currency",
    "as_of": "date",
    "definition_version": "int2",
    **_HISTORY,
    "recency": "int2",
    "frequency": "int2",
    "monetary": "int2",
    "tenure": "int2",
    "p_alive": "int4",
    "expected_orders": "int8",
    "order_value": "int8",
    "clv": "int8",
}
