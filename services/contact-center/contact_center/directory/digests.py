"""Keyed digests of addresses: equal ones are found, none can be read back."""

from service_kit.process.secrets import Sealer

from contact_center.identifiers import identifier_keys

PURPOSE = "directory-address"


class AddressDigests:
    """Digests on the service's secret key."""

    def __init__(self, sealer: Sealer, *, region: str) -> None:
        self._sealer = sealer
        self._region = region

    def of(self, key: str) -> bytes:
        """The digest of an identifier's key, such as `phone:+8613800138000`."""
        return self._sealer.digest(key.encode(), purpose=PURPOSE)[:20]

    def called_from(self, channel: str, address: str) -> list[bytes]:
        """The digests under which somebody who calls from this address may be filed."""
        return [self.of(key) for key in identifier_keys(channel, address, region=self._region)]
