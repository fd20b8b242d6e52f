"""The five processes of Guanxi: their packages, schemas, and what each may ask of the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A service or the gateway: a package with `python -m <package> serve | migrate`."""

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


READ_ABOUT_CUSTOMERS = (
    "customers:read",
    "interactions:read",
    "consents:read",
    "care:read",
    "scores:read",
    "tiers:read",
)

GATEWAY = Part("gateway", ("events:read", "complaints:read", "contacts:read", *READ_ABOUT_CUSTOMERS))
SERVICES = (
    Part("customer-profile", ("events:read", "complaints:read", "contacts:read", *READ_ABOUT_CUSTOMERS)),
    Part("complaints", ("events:read", "sla:read", "contacts:read", *READ_ABOUT_CUSTOMERS)),
    Part("scoring", ("events:read", "complaints:read", "complaints:write", *READ_ABOUT_CUSTOMERS)),
    Part(
        "contact-center",
        (
            "events:read",
            "complaints:read",
            "offers:read",
            "interactions:write",
            "customers:sensitive",
            *READ_ABOUT_CUSTOMERS,
        ),
    ),
)
PARTS = (*SERVICES, GATEWAY)
