"""Keys derived from GUANXI_SECRET_KEY:
what is sealed at rest and what is signed for the way through a client.
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class SealBroken(ValueError):
    """The sealed bytes were made with another key or were changed."""


class SecretKeyMissing(RuntimeError):
    """Nothing is sealed or signed without GUANXI_SECRET_KEY:
    another key could be guessed, or would not open it again.
    """


class Sealer:
    """AES-256-GCM for values at rest, HMAC-SHA-256 for signatures and blind indexes;
    one sub-key per purpose.
    """

    def __init__(self, secret_key: str) -> None:
        self._root = hashlib.sha256(secret_key.encode()).digest() if secret_key else b""

    def require_key(self) -> None:
        """SecretKeyMissing unless there is one."""
        if not self._root:
            raise SecretKeyMissing("GUANXI_SECRET_KEY is not set")

    def _key(self, purpose: str) -> bytes:
        self.require_key()
        return hmac.digest(self._root, purpose.encode(), "sha256")

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self._key(purpose)).encrypt(nonce, plain, purpose.encode())

    def unseal(self, sealed: bytes, *, purpose: str) -> bytes:
        """The plain bytes; SealBroken when key, purpose or bytes do not fit."""
        try:
            return AESGCM(self._key(purpose)).decrypt(sealed[:12], sealed[12:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("the sealed value does not open with this key") from error

    def digest(self, value: bytes, *, purpose: str) -> bytes:
        """A keyed digest: equal values give equal digests,
        nobody without the key can test a guess.
        """
        return hmac.digest(self._key(purpose), value, "sha256")

    def signed(self, payload: bytes, *, purpose: str) -> str:
        """The payload with a 128-bit signature, as URL-safe text."""
        signature = self.digest(payload, purpose=purpose)[:16]
        return base64.urlsafe_b64encode(signature + payload).decode().rstrip("=")

    def opened(self, text: str, *, purpose: str) -> bytes:
        """The payload of `signed`; SealBroken when the signature does not fit."""
        try:
            raw = base64.b64decode(
                text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
            )
        except ValueError as error:
            raise SealBroken("not a signed text") from error
        if not hmac.compare_digest(raw[:16], self.digest(raw[16:], purpose=purpose)[:16]):
            raise SealBroken("the signature does not fit")
        return raw[16:]
