"""`python -m contact_center serve | work | migrate | verify | openapi`."""

from service_kit.command import command_line

from contact_center.app import MIGRATIONS, compose
from contact_center.settings import Settings
from contact_center.tables import metadata

cli = command_line(
    name="contact-center",
    settings=Settings,
    compose=compose,
    migrations=MIGRATIONS,
    tables=metadata,
)

if __name__ == "__main__":
    cli()
