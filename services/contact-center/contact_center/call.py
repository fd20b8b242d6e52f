"""One request as a route of contact-center sees it."""

from service_kit.web import call

from contact_center.settings import Settings

Call = call.Call[Settings]
