"""The token by which customers prove that a complaint is theirs."""

from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

TOKEN_BYTES = 24


def new_token() -> str:
    """It is long and random, so that a plain digest gives nothing away."""
    return token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


def fits(token: str, digest: bytes) -> bool:
    return compare_digest(digest_of(token), digest)
