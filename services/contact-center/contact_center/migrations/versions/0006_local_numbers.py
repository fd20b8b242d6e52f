"""Local numbers as they are dialed."""

import phonenumbers
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

CHINA = "+86"
entry_point = sa.table("entry_point", sa.column("id", sa.Uuid), sa.column("channel", sa.String), sa.column("address", sa.String))
# Seven or eight digits lack the code of their place.
LOCAL = "[2-9][0-9]{6,7}$"


def upgrade() -> None:
    """Addresses were kept as numbers of the whole country that are none: 87654321 as +8687654321."""
    for id_, address in _addresses(rf"^\{CHINA}{LOCAL}"):
        if not phonenumbers.is_valid_number(phonenumbers.parse(address)):
            _keep(id_, address.removeprefix(CHINA))


def downgrade() -> None:
    for id_, address in _addresses(f"^{LOCAL}"):
        _keep(id_, CHINA + address)


def _addresses(pattern: str) -> list[tuple[object, str]]:
    found = sa.select(entry_point.c.id, entry_point.c.address).where(
        entry_point.c.channel.in_(["voice", "sms", "fax"]), entry_point.c.address.regexp_match(pattern)
    )
    return [(row.id, row.address) for row in op.get_bind().execute(found)]


def _keep(id_: object, address: str) -> None:
    op.execute(sa.update(entry_point).where(entry_point.c.id == id_).values(address=address))
