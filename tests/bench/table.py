"""One table for all benches: goal, measured, reference, ratio;
printed and written to bench/ as JSON.
"""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parents[2] / "bench"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure: medians of alternating runs with their ranges;
    `ratio` is measured / reference, 1 where there is no reference.
    """

    what: str
    unit: str
    measured: float
    measured_range: tuple[float, float]
    reference_name: str
    reference: float | None
    reference_range: tuple[float, float] | None
    goal: str
    at_least: float
    aim: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.measured / self.reference if self.reference else self.measured


def row(
    what: str,
    measured: Sequence[float],
    reference: Sequence[float],
    *,
    unit: str,
    reference_name: str,
    at_least: float,
    aim: float,
    note: str = "",
) -> Row:
    """A row of two series of runs that were taken in turn."""
    return Row(
        what=what,
        unit=unit,
        measured=statistics.median(measured),
        measured_range=(min(measured), max(measured)),
        reference_name=reference_name,
        reference=statistics.median(reference) if reference else None,
        reference_range=(min(reference), max(reference)) if reference else None,
        goal=f"at least {at_least:g}, aim {aim:g}",
        at_least=at_least,
        aim=aim,
        note=note,
    )


def show(title: str, figures: Iterable[Row]) -> None:
    """Print each figure as it comes, then the table, and write it to bench/<title>.json."""
    console = Console(width=200)
    rows = []
    for each in figures:
        console.print(
            f"{each.what}: {_figure(each.measured, each.measured_range, each.unit)}, ratio"
            f" {_ratio(each)}"
        )
        rows.append(each)
    table = Table(title=title)
    for column in ("what", "measured", "reference", "ratio", "goal", "note"):
        table.add_column(column, justify="right" if column in ("measured", "ratio") else "left")
    for each in rows:
        measured = _figure(each.measured, each.measured_range, each.unit)
        table.add_row(each.what, measured, _reference(each), _ratio(each), each.goal, each.note)
    console.print(table)
    FOLDER.mkdir(exist_ok=True)
    written = {
        "taken_at": datetime.now(UTC).isoformat(),
        "rows": [{**asdict(each), "ratio": each.ratio} for each in rows],
    }
    (FOLDER / f"{title}.json").write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


def _figure(value: float, between: tuple[float, float], unit: str) -> str:
    return f"{value:,.1f} {unit} ({between[0]:,.1f} to {between[1]:,.1f})"


def _reference(each: Row) -> str:
    if each.reference is None or each.reference_range is None:
        return "-"
    return f"{each.reference_name}: {_figure(each.reference, each.reference_range, each.unit)}"


def _ratio(each: Row) -> str:
    color = "green" if each.ratio >= each.at_least else "red"
    return f"[{color}]{each.ratio:.2f}[/]"
