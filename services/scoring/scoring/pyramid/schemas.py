"""The pyramid as frontends read it."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Count, MoneyOut, Output
from service_kit.words.money import Money

from scoring.pyramid.domain import Pyramid

ShareOut = Annotated[str, Field(max_length=40, pattern=r"^-?\d+(\.\d+)?$", examples=["0.01"])]


class LevelView(Output):
    """A level: which share of the customers belongs to it by rank of profit,
    how many they are and what they bring.
    """

    name: Annotated[str, Field(max_length=20, examples=["top"])]
    share: ShareOut
    customers: Count
    profit: MoneyOut


class PointView(Output):
    """The most profitable share of the customers and the share of the profit that it brings;
    above 1 where others make losses.
    """

    customers: ShareOut
    profit: ShareOut


class PyramidView(Output):
    """The customer pyramid. `gini` is 0 where all bring the same and near 1 where one brings all;
    null without any profit or loss.
    """

    levels: Annotated[list[LevelView], Field(max_length=10)]
    curve: Annotated[list[PointView], Field(max_length=20)]
    customers: Count
    profit: MoneyOut
    gini: ShareOut | None


def pyramid_view(pyramid: Pyramid, currency: str) -> PyramidView:
    return PyramidView(
        levels=[
            LevelView(
                name=level.name,
                share=f"{level.share:f}",
                customers=level.customers,
                profit=MoneyOut.of(Money(level.profit, currency)),
            )
            for level in pyramid.levels
        ],
        curve=[
            PointView(customers=f"{point.customers:f}", profit=f"{point.profit:f}")
            for point in pyramid.curve
        ],
        customers=pyramid.customers,
        profit=MoneyOut.of(Money(pyramid.profit, currency)),
        gini=None if pyramid.gini is None else f"{pyramid.gini:f}",
    )
