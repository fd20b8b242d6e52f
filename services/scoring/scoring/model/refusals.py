"""Why a set of purchase histories cannot carry a model."""


class ModelRefused(Exception):
    """The histories do not determine the model; `code` names the reason for machines, the text says it to people."""

    code = "model_refused"


class NoHistories(ModelRefused):
    """There is not a single customer to learn from."""

    code = "no_customers"


class TooFewCustomers(ModelRefused):
    """One customer says nothing about how customers differ."""

    code = "too_few_customers"


class NoRepeatBuyers(ModelRefused):
    """Nobody came back, so nothing is known about how often people come back."""

    code = "no_repeat_buyers"


class IdenticalHistories(ModelRefused):
    """All customers behaved alike to the day, so how they differ cannot be estimated."""

    code = "identical_histories"


class NoPositiveAmounts(ModelRefused):
    """Nobody spent a positive amount, so the value of an order cannot be estimated."""

    code = "no_positive_amounts"


class IdenticalAmounts(ModelRefused):
    """All orders are worth the same, so how their values spread cannot be estimated."""

    code = "identical_amounts"


class NoFiniteMean(ModelRefused):
    """Order values spread so widely that their mean is not finite (q is not above 1)."""

    code = "no_finite_mean"


class HistoryOutOfRange(ModelRefused):
    """A history contradicts itself: not finite, negative, or the last order after the end of the observation."""

    code = "history_out_of_range"


class NoInteriorMaximum(ModelRefused):
    """The likelihood has no maximum inside the range of the parameters; a longer or larger history is needed."""

    code = "no_interior_maximum"
