"""Signs webhooks as Standard Webhooks 1.0 says:
symmetric, `v1`, one signature per secret that is valid.
"""

import base64
import hmac
from collections.abc import Iterable
from secrets import token_bytes

SHOWN_PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> bytes:
    """Random key material; the specification asks for 24 to 64 bytes."""
    return token_bytes(SECRET_BYTES)


def shown(secret: bytes) -> str:
    """The secret as the partner stores it."""
    return SHOWN_PREFIX + base64.b64encode(secret).decode()


def headers(
    message_id: str, timestamp: int, body: bytes, secrets: Iterable[bytes]
) -> dict[str, str]:
    """The three headers of one attempt;
    during a rotation the old and the new secret sign side by side.
    """
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    signatures = [
        f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"
        for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
