"""The command line: serve, work, migrate, verify, openapi."""

from service_kit.command import command_line

from scoring.app import MIGRATIONS, compose
from scoring.settings import Settings
from scoring.tables import metadata

cli = command_line(
    name="scoring", settings=Settings, compose=compose, migrations=MIGRATIONS, tables=metadata
)

if __name__ == "__main__":
    cli()
