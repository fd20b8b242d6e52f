"""The reference of the scoring benches: lifetimes 0.11.3, run by a Python environment of its own.

Reads the population from the file named on the command line, then a word per line on standard
input; answers each with the seconds that the work took and a figure of its result.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

warnings.filterwarnings("ignore")


def main(path: str) -> None:
    told = np.load(path)
    x, recency, age, value = (
        pd.Series(told[name]) for name in ("frequency", "recency", "age", "mean_value")
    )
    recency, age = recency / 7, age / 7
    bought = value > 0
    orders, values = x[bought], value[bought]
    fits = {
        "bg_nbd": lambda: BetaGeoFitter().fit(x, recency, age),
        "gamma_gamma": lambda: GammaGammaFitter().fit(orders, values),
    }
    model, worth = (
        BetaGeoFitter().fit(x[::50], recency[::50], age[::50]),
        GammaGammaFitter().fit(orders[::50], values[::50]),
    )
    for name, parameters in (("bg", model), ("gg", worth)):
        parameters.params_[:] = told[name]
    works: dict[str, Callable[[], object]] = {
        **fits,
        "expected": lambda: (
            model.predict(26.0, x, recency, age),
            model.conditional_probability_alive(x, recency, age),
        ),
        "clv": lambda: worth.customer_lifetime_value(
            model, x, recency, age, value, time=12, discount_rate=0.01, freq="W"
        ),
    }
    for line in sys.stdin:
        began = time.perf_counter()
        result = works[line.strip()]()
        seconds = time.perf_counter() - began
        print(seconds, *figures(result), flush=True)


def figures(result: object) -> list[float]:
    """Parameters of a fit, sums of predictions."""
    if hasattr(result, "params_"):
        return [float(each) for each in result.params_]
    return [float(np.sum(each)) for each in (result if isinstance(result, tuple) else (result,))]


if __name__ == "__main__":
    main(sys.argv[1])
