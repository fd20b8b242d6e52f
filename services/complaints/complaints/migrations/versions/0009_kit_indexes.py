"""Indexes of the kit's new columns."""

from service_kit import kit_schema

revision = "0009"
down_revision = "0008"

upgrade = kit_schema.upgrade_0003
downgrade = kit_schema.downgrade_0003
