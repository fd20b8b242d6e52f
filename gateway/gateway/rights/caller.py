"""The rights that a checked token carries, from the kit's caller."""

from typing import cast
from uuid import UUID

from service_kit.access.caller import Caller, ClaimReaders
from service_kit.words.money import Money

from gateway.rights.domain import Rights

# How the gateway reads the claims that the services ask for.
CLAIMS: ClaimReaders = {"approval_limit": Money.parse, "agent_id": UUID}


def rights_of(caller: Caller) -> Rights:
    """What the caller may hand on."""
    return Rights(
        scopes=caller.scopes,
        units=caller.units,
        approval_limit=cast("Money | None", caller.claims.get("approval_limit")),
        agent_id=cast("UUID | None", caller.claims.get("agent_id")),
    )
