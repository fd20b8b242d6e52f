"""The contact center: entry points, flows, queues, agents, routing, offers and the screen pop."""
