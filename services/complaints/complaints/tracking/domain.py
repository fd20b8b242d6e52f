"""How customers prove that a complaint is theirs."""

from hashlib import sha256
from hmac import compare_digest

from service_kit.words.errors import NotFound


class TrackingRefused(NotFound):
    """Number and tracking token do not belong together."""


def digest_of(token: str) -> bytes:
    """What is kept of a token; it is long and random, so that a plain digest gives nothing away."""
    return sha256(token.encode()).digest()


def fits(token: str, digest: bytes) -> bool:
    return compare_digest(digest_of(token), digest)
