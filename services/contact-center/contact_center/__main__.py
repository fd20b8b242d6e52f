"""`python -m contact_center serve | work | migrate | openapi`."""

from service_kit.command import command_line

from contact_center.app import MIGRATIONS, compose
from contact_center.settings import Settings

cli = command_line(name="contact-center", settings=Settings, compose=compose, migrations=MIGRATIONS)

if __name__ == "__main__":
    cli()
