"""The kit's tables."""

from service_kit import kit_schema

revision = "0001"
down_revision = None

upgrade = kit_schema.upgrade_0001
downgrade = kit_schema.downgrade_0001
