"""Notes: what somebody wants the next person to know of a complaint."""
