"""`python -m customer_profile serve | work | migrate | verify | openapi`."""

from service_kit.command import command_line

from customer_profile.app import MIGRATIONS, compose
from customer_profile.settings import Settings
from customer_profile.tables import metadata

cli = command_line(
    name="customer-profile",
    settings=Settings,
    compose=compose,
    migrations=MIGRATIONS,
    tables=metadata,
)

if __name__ == "__main__":
    cli()
