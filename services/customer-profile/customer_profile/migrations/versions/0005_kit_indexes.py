"""Indexes of the kit's new columns."""

from service_kit import kit_schema

revision = "0005"
down_revision = "0004"

upgrade = kit_schema.upgrade_0003
downgrade = kit_schema.downgrade_0003
