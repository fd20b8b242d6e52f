"""The real orders as partners would send them:
a workbook of customers and a sheet of their orders.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import xlsxwriter

SYSTEM = "cdnow"


@dataclass(frozen=True)
class Order:
    """One line of the source: a customer's order."""

    customer: str
    ordered_on: date
    disks: int
    dollars: Decimal
    external_id: str


def read_orders() -> list[Order]:
    """The orders in the order of the source;
    equal lines of one customer and day are told apart by a number.
    """
    seen: Counter[tuple[str, str]] = Counter()
    orders = []
    for line in (
        files("guanxi_local.demo").joinpath("data/cdnow_sample.txt").read_text().splitlines()
    ):
        _, customer, day, disks, dollars = line.split()
        seen[customer, day] += 1
        name = f"{SYSTEM}-{customer}-{day}-{seen[customer, day]}"
        orders.append(
            Order(
                customer,
                date(int(day[:4]), int(day[4:6]), int(day[6:])),
                int(disks),
                Decimal(dollars),
                name,
            )
        )
    return orders


def write_customers(orders: list[Order], path: Path) -> int:
    """Writes one row a customer into a workbook; returns how many."""
    first_days: dict[str, date] = {}
    for order in orders:
        first_days.setdefault(order.customer, order.ordered_on)
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("customers")
    day_format = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["customer number", "name", "kind", "language", "first business date"])
    for row, (customer, first_day) in enumerate(first_days.items(), start=1):
        sheet.write_row(row, 0, [customer, f"CDNOW customer {customer}", "individual", "en"])
        sheet.write_datetime(row, 4, first_day, day_format)
    workbook.close()
    return len(first_days)


def write_orders(orders: list[Order], path: Path) -> int:
    """Writes one row an order as CSV; returns how many."""
    with path.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file)
        sheet.writerow(["order number", "customer number", "date", "dollars", "currency", "disks"])
        for order in orders:
            sheet.writerow(
                [
                    order.external_id,
                    order.customer,
                    order.ordered_on,
                    order.dollars,
                    "USD",
                    order.disks,
                ]
            )
    return len(orders)
