"""The five processes of Guanxi: their packages, schemas, and what each may ask of the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A service or the gateway: a package with `python -m <package> serve | migrate`;
    its own client has no more than these scopes.
    """

    name: str
    scopes: tuple[str, ...]

    @property
    def package(self) -> str:
        return self.name.replace("-", "_")

    @property
    def schema(self) -> str:
        return self.package

    @property
    def url_variable(self) -> str:
        return f"GUANXI_{self.package.upper()}_URL"

    @property
    def client_id(self) -> str:
        return f"{self.name}-service"


# Whoever follows a feed may read all that is told there: a reader that skips what it may not read
# would walk over it at every start.
OF_CUSTOMER_PROFILE = ("customers:read", "interactions:read", "consents:read", "care:read")
OF_SCORING = ("transactions:read", "scores:read", "tiers:read", "surveys:read")
OF_COMPLAINTS = ("complaints:read",)
OF_CONTACT_CENTER = ("contacts:read", "offers:read", "agents:read", "queues:read")
GATEWAY = Part("gateway", ("events:read",))
SERVICES = (
    Part("customer-profile", ("events:read", *OF_COMPLAINTS, *OF_SCORING, *OF_CONTACT_CENTER)),
    Part("complaints", ("events:read", *OF_CUSTOMER_PROFILE, *OF_SCORING)),
    Part("scoring", ("events:read", *OF_CUSTOMER_PROFILE)),
    Part(
        "contact-center",
        ("events:read", *OF_CUSTOMER_PROFILE, *OF_SCORING, *OF_COMPLAINTS, "contacts:read"),
    ),
)
PARTS = (*SERVICES, GATEWAY)
