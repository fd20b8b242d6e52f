"""Government ids at rest: AES-GCM for the number, a keyed digest for the look-up."""

import base64

from service_kit.process.secrets import Sealer

from customer_profile.identifier.domain import Hidden

PURPOSE = "government-id"


class SealedVault:
    """A vault on the service's secret key."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def hide(self, plain: str) -> Hidden:
        sealed = self._sealer.seal(plain.encode(), purpose=PURPOSE)
        return Hidden(
            digest=self._sealer.digest(plain.encode(), purpose=PURPOSE).hex()[:40],
            sealed=base64.b64encode(sealed).decode(),
        )

    def reveal(self, sealed: str) -> str:
        return self._sealer.unseal(base64.b64decode(sealed), purpose=PURPOSE).decode()
