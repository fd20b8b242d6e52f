"""One request as a route of the gateway sees it."""

from service_kit.web import call

from gateway.settings import Settings

Call = call.Call[Settings]
