"""Star tiers: cut points with hysteresis, minimum stay, overrides by people."""
