"""The clocks of a case: warned, breached and escalated exactly once each."""
