"""`python -m complaints serve | work | migrate | openapi`."""

from service_kit.command import command_line

from complaints.app import MIGRATIONS, compose
from complaints.settings import Settings

cli = command_line(name="complaints", settings=Settings, compose=compose, migrations=MIGRATIONS)

if __name__ == "__main__":
    cli()
