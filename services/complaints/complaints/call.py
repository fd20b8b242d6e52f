"""One request as a route of complaints sees it."""

from service_kit.web import call

from complaints.settings import Settings

Call = call.Call[Settings]
