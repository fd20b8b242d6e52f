"""One request as a route of customer-profile sees it."""

from service_kit.web import call

from customer_profile.settings import Settings

Call = call.Call[Settings]
