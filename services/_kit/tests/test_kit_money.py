"""Sums are read as the words of the API write them,
and as nothing else that a number may look like.
"""

import re
from decimal import Decimal

import pytest
from service_kit.words.fields import AMOUNT, CURRENCY
from service_kit.words.money import Money

AMOUNTS = [
    "0",
    "-0",
    "12.50",
    "-1",
    "999999999999999.999999",
    "1000000000000000",
    "0.0000001",
    "1_000",
    "+1",
    "1e3",
    "1E3",
    ".5",
    "1.",
    "",
    "NaN",
    "Infinity",
    "0x10",
    "1,000",
    "\uff11\uff10",
    "\u0661",
    "1\n",
]
CURRENCIES = [
    "CNY",
    "USD",
    "cny",
    "CN",
    "CNYX",
    "C1Y",
    "\u00c7NY",
    "\uff23\uff2e\uff39",
    "CNY\n",
    " CNY",
    "",
]


def is_read(text):
    try:
        Money.parse(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_sum_is_read_where_both_words_are_well_written(amount, currency):
    expected = (
        re.fullmatch(AMOUNT, amount) is not None and re.fullmatch(CURRENCY, currency) is not None
    )

    assert is_read(f"{amount} {currency}") == expected


def test_a_sum_is_written_as_it_is_read():
    assert Money.parse("12.50 CNY") == Money(Decimal("12.50"), "CNY")
    assert str(Money.parse("12.50 CNY")) == "12.50 CNY"
