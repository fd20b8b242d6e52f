"""How the story is shown: numbered steps with their results, progress bars, tables."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from guanxi_local.demo.api import Json
from guanxi_local.demo.failures import StepFailed

FINISHED = ("done", "failed", "canceled")


class Screen:
    """Prints the story; every step ends with its result."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.steps = 0

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}", align="left")

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """One step; the block appends the lines of its result to the list."""
        self.steps += 1
        began = time.monotonic()
        self.console.print(f"[bold cyan]{self.steps:>3}[/] {escape(title)}")
        results: list[str] = []
        try:
            yield results
        except BaseException:
            self._print_results(results)
            self.console.print("    [bold red]✗[/] failed")
            raise
        self._print_results(results)
        self.console.print(f"    [green]✓[/] [dim]{time.monotonic() - began:.2f} s[/]")

    def follow(self, look: Callable[[], Json], *, doing: str, within: float = 300.0) -> Json:
        """Shows a bar until long work is done; refuses when it failed or takes too long."""
        columns = (
            TextColumn("    {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        deadline = time.monotonic() + within
        with Progress(*columns, console=self.console) as bars:
            bar = bars.add_task(doing, total=None)
            while True:
                work = look()
                bars.update(
                    bar, completed=work["progress"]["done"], total=work["progress"]["total"]
                )
                if work["state"] in FINISHED:
                    break
                if time.monotonic() > deadline:
                    raise StepFailed(f"{doing} was not done within {within:g} s")
                time.sleep(0.2)
        if work["state"] != "done":
            raise StepFailed(f"{doing} ended as {work['state']}: {work.get('error')}")
        return work

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(escape(str(cell)) for cell in row))
        self.console.print(table)

    def _print_results(self, results: Sequence[str]) -> None:
        for result in results:
            self.console.print(f"      {escape(result)}", soft_wrap=True)
