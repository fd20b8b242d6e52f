"""For whom a token acts:
one that carries an agent acts for that agent alone, whatever its scopes are.
"""

from collections.abc import Sequence
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.words.errors import Forbidden

HANDLE = "contacts:handle"
SUPERVISE = "contacts:supervise"
OWN_PRESENCE = "presence:write"


class ActsForAnotherAgent(Forbidden):
    """The token acts for another agent than this one;
    whoever acts for several agents takes a token without `agent_id`.
    """


class ActsForOneAgent(Forbidden):
    """A token that acts for an agent changes no profiles and dedicates nobody;
    take one without `agent_id`.
    """


# The claim of a token that acts for one agent alone.
AGENT_ID = "agent_id"


def claimed_agent(caller: Caller) -> str | None:
    """The agent for whom alone the token acts, as the token says it; None where it acts for all."""
    claimed = caller.claims.get(AGENT_ID)
    return None if claimed is None else str(claimed)


def agent_of(caller: Caller) -> UUID | None:
    """The agent for whom the token acts; None where it acts for none, or for one that cannot be."""
    claimed = claimed_agent(caller)
    try:
        return None if claimed is None else UUID(claimed)
    except ValueError:
        return None


def require_acting_for(caller: Caller, agent_id: UUID | None, *, broad: Sequence[str]) -> None:
    """Let pass who acts for this agent, and who acts for no agent but has one of the broad scopes.

    Raises ActsForAnotherAgent, and ScopeMissing where a narrow scope came without an agent.
    """
    if claimed_agent(caller) is None:
        caller.demand(broad[:1], instead=broad)
    elif agent_id is None or agent_of(caller) != agent_id:
        raise ActsForAnotherAgent()


def require_no_agent(caller: Caller) -> None:
    """Who brings whom to whom is not for those to say whom it serves:
    skills, queues and dedications lead calls to agents.
    """
    if claimed_agent(caller) is not None:
        raise ActsForOneAgent()
