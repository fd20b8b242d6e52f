"""Sums are read as the words of the API write them,
and as nothing else that a number may look like.
"""

import re
from decimal import Decimal

import pytest
from service_kit.words.fields import AMOUNT, CURRENCY, MoneyOut, PositiveMoneyIn
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


class Offer(PositiveMoneyIn):
    """A body that takes a sum."""


@pytest.mark.parametrize(
    "sum_",
    ["1200 JPY", "1200.00 JPY", "1.234 KWD", "1.230000 CNY", "0 CNY", "1.2345 CLF"],
)
def test_a_sum_with_the_decimals_of_its_currency_comes_in_through_body_and_text(sum_):
    amount, _, currency = sum_.partition(" ")

    assert Money.offered(sum_) == Offer(amount=amount, currency=currency).money()


@pytest.mark.parametrize("sum_", ["1200.5 JPY", "1.2345 KWD", "1.234 CNY", "0.001 EUR"])
def test_more_decimals_than_the_currency_has_are_refused(sum_):
    amount, _, currency = sum_.partition(" ")

    with pytest.raises(ValueError, match=f"in {currency} has at most"):
        Offer(amount=amount, currency=currency)
    with pytest.raises(ValueError, match="not a sum"):
        Money.offered(sum_)


@pytest.mark.parametrize("currency", ["HRK", "DEM", "CNX", "XXX", "XTS", "XAU"])
def test_a_currency_that_is_not_in_force_is_refused_and_stays_readable(currency):
    with pytest.raises(ValueError, match="in force"):
        Offer(amount="1", currency=currency)
    with pytest.raises(ValueError, match="not a sum"):
        Money.offered(f"1 {currency}")

    assert MoneyOut.of(Money.parse(f"1.2345 {currency}")).currency == currency
