"""BG/NBD, Gamma-Gamma, expected orders with P(alive),
and lifetime value of a million customers against lifetimes 0.11.3.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# As the calculator of the service runs: without threads of the linear algebra library.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scoring.model import bg_nbd, forecast, formulas, gamma_gamma

sys.path.insert(0, str(Path(__file__).parent))

from bench_scoring_population import SEED, Population, simulate
from table import Row, row, show

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "2"))
OURS_PER_ROUND = 3
HERE = Path(__file__).parent
REFERENCE = ("lifetimes==0.11.3", "numpy<3", "scipy<2", "pandas<4", "autograd<2")
ENVIRONMENT = Path(tempfile.gettempdir()) / "guanxi-bench-lifetimes-0.11.3"


def reference_python() -> Path | None:
    """The Python of the reference's own environment, made when it is not there;
    None where it cannot be made.
    """
    python = ENVIRONMENT / "bin" / "python"
    if (
        subprocess.run(
            [python, "-c", "import lifetimes"], capture_output=True, check=False
        ).returncode
        == 0
        if python.exists()
        else False
    ):
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    made = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *REFERENCE],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        print(
            f"lifetimes cannot be installed, so there is no reference: {made.stderr.strip()[-300:]}"
        )
        return None
    return python


@contextmanager
def reference(
    python: Path, population: Population, parameters: dict[str, list[float]]
) -> Iterator[Callable[[str], list[float]]]:
    """Asks the reference's process to do a work; gives its seconds and figures."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder:
        path = Path(folder) / "population.npz"
        np.savez(path, **vars(population), **parameters)  # type: ignore[arg-type,unused-ignore]  # The stubs want arrays only.
        command = [str(python), str(HERE / "bench_scoring_reference.py"), str(path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None

            def ask(word: str) -> list[float]:
                process.stdin.write(f"{word}\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
                return [float(each) for each in process.stdout.readline().split()]  # type: ignore[union-attr]

            yield ask
            process.stdin.close()


def works(population: Population) -> dict[str, Callable[[], list[float]]]:
    """What is measured, from the same arrays that the reference gets, and figures to compare."""
    x, recency, age, value = (
        population.frequency,
        population.recency / 7,
        population.age / 7,
        population.mean_value,
    )
    model, worth = bg_nbd.fit(x, recency, age), gamma_gamma.fit(x, value)

    def fit() -> list[float]:
        fitted = bg_nbd.fit(x, recency, age)
        return [fitted.r, fitted.alpha, fitted.a, fitted.b]

    def fit_value() -> list[float]:
        fitted = gamma_gamma.fit(x, value)
        return [fitted.p, fitted.q, fitted.gamma]

    def expected() -> list[float]:
        alive = forecast.alive(model, x, recency, age)
        orders = alive * forecast.orders_if_alive(model, (26.0,), (1.0,), x, age)
        return [float(orders.sum()), float(alive.sum())]

    def clv() -> list[float]:
        months = formulas.discounting(step=4.345, steps=12, discount_per_step=0.01)
        orders = forecast.alive(model, x, recency, age) * forecast.orders_if_alive(
            model, *months, x, age
        )
        return [float((orders * gamma_gamma.order_value(worth, x, value)).sum())]

    return {"bg_nbd": fit, "gamma_gamma": fit_value, "expected": expected, "clv": clv}


GOALS = {
    "bg_nbd": ("BG/NBD fit", 40.0, 100.0),
    "gamma_gamma": ("Gamma-Gamma fit", 15.0, 35.0),
    "expected": ("expected orders and P(alive)", 15.0, 28.0),
    "clv": ("12-month CLV", 60.0, 115.0),
}


def in_turn(
    word: str, work: Callable[[], list[float]], ask: Callable[[str], list[float]] | None
) -> tuple[list[float], list[float]]:
    """Seconds of both, one round after the other; the figures of both must agree."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        for _ in range(OURS_PER_ROUND):
            began = time.perf_counter()
            figures = work()
            ours.append(time.perf_counter() - began)
        if ask is not None:
            seconds, *reference_figures = ask(word)
            theirs.append(seconds)
            assert np.allclose(figures, reference_figures, rtol=1e-4), (
                word,
                figures,
                reference_figures,
            )
    return ours, theirs


def rates(seconds: Sequence[float]) -> list[float]:
    return [CUSTOMERS / each for each in seconds]


def rows() -> list[Row]:
    """Customers per second; the ratio says how many times faster than the reference."""
    population = simulate(CUSTOMERS)
    model = bg_nbd.fit(population.frequency, population.recency / 7, population.age / 7)
    worth = gamma_gamma.fit(population.frequency, population.mean_value)
    parameters = {
        "bg": [model.r, model.alpha, model.a, model.b],
        "gg": [worth.p, worth.q, worth.gamma],
    }
    python = reference_python()
    if python is None:
        return [
            figure(word, *in_turn(word, work, None)) for word, work in works(population).items()
        ]
    with reference(python, population, parameters) as ask:
        return [figure(word, *in_turn(word, work, ask)) for word, work in works(population).items()]


def figure(word: str, ours: list[float], theirs: list[float]) -> Row:
    what, at_least, aim = GOALS[word]
    note = f"{CUSTOMERS:,} customers, seed {SEED}, {np.median(ours):.3f} s"
    name = "lifetimes 0.11.3" if theirs else "none"
    return row(
        what,
        rates(ours),
        rates(theirs),
        unit="customers/s",
        reference_name=name,
        at_least=at_least,
        aim=aim,
        note=note,
    )


if __name__ == "__main__":
    show("scoring_models", rows())
