"""`python -m guanxi_local run | demo | verify | stop`."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from guanxi_local.refusals import LauncherError
from guanxi_local.settings import LocalSettings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Every refusal is one line; what is unforeseen keeps its trace."""
    from service_kit.postgres.roles import PostgresServerError

    try:
        yield
    except (LauncherError, PostgresServerError, OSError) as refusal:
        errors.print(f"[bold red]error:[/] {escape(str(refusal))}", soft_wrap=True)
        raise typer.Exit(1) from refusal


@app.command()
def run() -> None:
    """Start PostgreSQL, the four services and the gateway, and serve until Ctrl-C or SIGTERM."""
    from guanxi_local.launch import run as serve

    with told_in_one_line():
        serve(LocalSettings.from_environment(), console)


@app.command()
def demo() -> None:
    """Play the story of the main job against the running instance, over its public API."""
    from guanxi_local.demo.story import play
    from guanxi_local.home import Home

    with told_in_one_line():
        home = LocalSettings.from_environment().absolute_home
        if Home(home).recall("demo") == "played":
            console.print(
                "[dim]The story was played here before: figures and stars carry what earlier plays"
                " left.[/]"
            )
        play(home, console)


@app.command()
def verify() -> None:
    """Prove the audit and all that is sealed, in all five parts of the running instance."""
    from guanxi_local.home import Home
    from guanxi_local.verify import verify as prove

    with told_in_one_line():
        raise typer.Exit(prove(Home(LocalSettings.from_environment().absolute_home)))


@app.command()
def stop() -> None:
    """Stop the instance that runs in this home."""
    from guanxi_local.launch import stop_running

    with told_in_one_line():
        stopped = stop_running(LocalSettings.from_environment())
    console.print("Stopped." if stopped else "Nothing runs here.")


if __name__ == "__main__":
    app()
