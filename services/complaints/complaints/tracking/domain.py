"""Why a customer is shown nothing."""

from service_kit.words.errors import NotFound


class TrackingRefused(NotFound):
    """Number and tracking token do not belong together."""
