"""One request as a route of scoring sees it."""

from service_kit.web import call

from scoring.settings import Settings

Call = call.Call[Settings]
