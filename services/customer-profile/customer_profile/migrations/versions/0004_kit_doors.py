"""Kept answers by unit and subject; live news apart from bulk."""

from service_kit import kit_schema

revision = "0004"
down_revision = "0003"

upgrade = kit_schema.upgrade_0002
downgrade = kit_schema.downgrade_0002
