"""Newton's method with an eigenvalue-damped step:
climbs a log-likelihood of a few parameters to its maximum.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from service_kit.words.messages import said

from scoring.model.refusals import NoInteriorMaximum

Vector: TypeAlias = NDArray[np.float64]
Surface: TypeAlias = Callable[[Vector], tuple[float, Vector, Vector]]

GRADIENT_AT_THE_TOP = 1e-9
GRADIENT_STILL_ACCEPTED = 1e-6
# Of heights: what the last digit may do, and what the sum over many customers may.
ROUNDING = 4e-16
NOISE = 1e-12
LONGEST_STEP = 2.0
EDGE = 16.0
MOST_STEPS = 200


@dataclass(frozen=True, kw_only=True)
class Top:
    """Where the climb ended: the point, the height and the Euclidean norm of the gradient there."""

    point: Vector
    height: float
    gradient_norm: float
    steps: int


def climb(surface: Surface, start: Vector) -> Top:
    """`surface` gives value,
    gradient and Hessian of the mean log-likelihood per customer in log-parameters.
    """
    point = start
    height, gradient, hessian = surface(point)
    for step in range(MOST_STEPS):
        norm = float(np.linalg.norm(gradient))
        if norm <= GRADIENT_AT_THE_TOP:
            return Top(point=point, height=height, gradient_norm=norm, steps=step)
        higher = _go_up(surface, point, height, norm, _newton_step(gradient, hessian))
        if higher is None:
            return _settled(point, height, norm, step)
        point, height, gradient, hessian = higher
        if np.max(np.abs(point)) > EDGE:
            raise NoInteriorMaximum(
                "a parameter ran away to the edge of its range: the set is too small or too even"
            )
    return _settled(point, height, float(np.linalg.norm(gradient)), MOST_STEPS)


def _settled(point: Vector, height: float, norm: float, steps: int) -> Top:
    if not norm <= GRADIENT_STILL_ACCEPTED:
        raise NoInteriorMaximum(
            said(
                "the climb stopped after {steps} steps with a gradient of {norm}",
                steps=steps,
                norm=f"{norm:.3g}",
            )
        )
    return Top(point=point, height=height, gradient_norm=norm, steps=steps)


def _newton_step(gradient: Vector, hessian: Vector) -> Vector:
    """Uphill in every eigendirection, however the surface bends there,
    and never farther than `LONGEST_STEP`.
    """
    bends, directions = np.linalg.eigh(hessian)
    steepness = np.maximum(np.abs(bends), 1e-12 + 1e-9 * np.max(np.abs(bends)))
    step: Vector = directions @ ((directions.T @ gradient) / steepness)
    return step * min(1.0, LONGEST_STEP / float(np.max(np.abs(step))))


def _go_up(
    surface: Surface, point: Vector, height: float, norm: float, step: Vector
) -> tuple[Vector, float, Vector, Vector] | None:
    """The first of the halved steps that does not lead down; None when no step helps.

    Near the top a height is mostly noise of its summands, and would refuse step after step: there
    the gradient tells what is higher.
    """
    size = max(1.0, abs(height))
    for halving in range(30):
        there = point + step * 0.5**halving
        value, gradient, hessian = surface(there)
        if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
            continue
        is_flatter = value >= height - NOISE * size and float(np.linalg.norm(gradient)) < norm
        if is_flatter or value >= height - ROUNDING * size:
            return None if np.array_equal(there, point) else (there, value, gradient, hessian)
    return None
