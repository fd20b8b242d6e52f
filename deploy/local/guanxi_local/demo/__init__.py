"""The story of the main job, played over the public API on real input."""
