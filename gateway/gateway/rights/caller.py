"""The rights that a checked token carries, from the kit's caller."""

from uuid import UUID

from service_kit.access.caller import Caller

from gateway.rights.domain import Rights


def rights_of(caller: Caller) -> Rights:
    """What the caller may hand on."""
    return Rights(
        scopes=caller.scopes,
        units=caller.units,
        approval_limit=caller.approval_limit,
        agent_id=None if caller.agent_id is None else UUID(caller.agent_id),
    )
