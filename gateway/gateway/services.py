"""Who stands behind the front door:
the services by name, each with a URL in the settings, and the gateway itself.
"""

SERVICES = ("customer-profile", "complaints", "scoring", "contact-center")
GATEWAY = "gateway"
