"""The command line: serve, work, migrate, openapi."""

from service_kit.command import command_line

from scoring.app import MIGRATIONS, compose
from scoring.settings import Settings

cli = command_line(name="scoring", settings=Settings, compose=compose, migrations=MIGRATIONS)

if __name__ == "__main__":
    cli()
