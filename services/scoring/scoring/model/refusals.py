"""Why a set of purchase histories cannot carry a model."""

import re

INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class ModelRefused(Exception):
    """The histories do not determine the model;
    `code` names the reason for machines, the text says it to people.
    """

    @property
    def code(self) -> str:
        return INNER_CAPITAL.sub("_", type(self).__name__).lower()


class NoCustomers(ModelRefused):
    """There is not a single customer to learn from."""


class TooFewCustomers(ModelRefused):
    """One customer says nothing about how customers differ."""


class NoRepeatBuyers(ModelRefused):
    """Nobody came back, so nothing is known about how often people come back."""


class IdenticalHistories(ModelRefused):
    """All customers behaved alike to the day, so how they differ cannot be estimated."""


class NoPositiveAmounts(ModelRefused):
    """Nobody spent a positive amount, so the value of an order cannot be estimated."""


class IdenticalAmounts(ModelRefused):
    """All orders are worth the same, so how their values spread cannot be estimated."""


class NoFiniteMean(ModelRefused):
    """Order values spread so widely that their mean is not finite (q is not above 1)."""


class HistoryOutOfRange(ModelRefused):
    """A history contradicts itself:
    not finite, negative, or the last order after the end of the observation.
    """


class NoInteriorMaximum(ModelRefused):
    """The likelihood has no maximum inside the range of the parameters;
    a longer or larger history is needed.
    """
