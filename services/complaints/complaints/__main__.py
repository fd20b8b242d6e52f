"""`python -m complaints serve | work | migrate | verify | openapi`."""

from service_kit.command import command_line

from complaints.app import MIGRATIONS, compose
from complaints.settings import Settings
from complaints.tables import metadata

cli = command_line(
    name="complaints", settings=Settings, compose=compose, migrations=MIGRATIONS, tables=metadata
)

if __name__ == "__main__":
    cli()
