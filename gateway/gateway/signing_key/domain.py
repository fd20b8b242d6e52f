"""When a signing key is published, signs and is taken back, so that no token is ever refused
because of a rotation.

How long one signs is the setting `signing_key_days`, how long its tokens live `token_seconds`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# A key must be known to whoever verifies before it signs: longer than the key set is cached
# anywhere.
PUBLISHED_BEFORE_SIGNING = timedelta(hours=1)
# Clocks differ, and a token is verified a little after it was made.
KEPT_AFTER_LAST_TOKEN = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """`private` is the encrypted private JWK; `public` the JWK that the key set shows."""

    generation: int
    kid: str
    public: Mapping[str, str | list[str]]
    private: bytes
    created_at: datetime
    signs_from: datetime


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """How long a key signs, and how long the longest token lives."""

    signs_for: timedelta
    token_lifetime: timedelta

    def signing(self, keys: Sequence[SigningKey], at: datetime) -> SigningKey | None:
        """The newest key whose time has come."""
        started = [key for key in keys if key.signs_from <= at]
        return max(started, key=_generation, default=None)

    def published(self, keys: Sequence[SigningKey], at: datetime) -> list[SigningKey]:
        """The keys of the key set:
        the next, the present, and those whose last tokens may still live.
        """
        return [key for key in sorted(keys, key=_generation) if not self.is_over(key, keys, at)]

    def is_over(self, key: SigningKey, keys: Sequence[SigningKey], at: datetime) -> bool:
        """Whether every token that this key signed has expired."""
        successors = [other.signs_from for other in keys if other.generation > key.generation]
        if not successors:
            return False
        return min(successors) + self.token_lifetime + KEPT_AFTER_LAST_TOKEN <= at

    def next_due(self, keys: Sequence[SigningKey], at: datetime) -> datetime | None:
        """From when the next key should sign, when it is time to publish it;
        None while it is not.
        """
        newest = max(keys, key=_generation, default=None)
        if newest is None:
            return at
        if newest.signs_from > at:
            return None
        turn = newest.signs_from + self.signs_for
        return (
            max(turn, at + PUBLISHED_BEFORE_SIGNING)
            if turn - PUBLISHED_BEFORE_SIGNING <= at
            else None
        )


def rotation_moment(at: datetime, *, is_compromised: bool) -> datetime:
    """From when a key made by hand signs:
    after it was published long enough, or at once when the old one leaked.
    """
    return at if is_compromised else at + PUBLISHED_BEFORE_SIGNING


def _generation(key: SigningKey) -> int:
    return key.generation
