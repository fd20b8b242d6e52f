"""The five processes of Guanxi: their packages, schemas, and what each may ask of the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A service or the gateway: a package with `python -m <package> serve | migrate`; its own client has no more than these scopes."""

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


GATEWAY = Part("gateway", ("events:read",))
SERVICES = (
    Part("customer-profile", ("events:read",)),
    Part("complaints", ("events:read", "customers:read", "surveys:read")),
    Part("scoring", ("events:read", "customers:read")),
    Part(
        "contact-center",
        ("events:read", "customers:read", "interactions:read", "consents:read", "care:read", "scores:read", "complaints:read"),
    ),
)
PARTS = (*SERVICES, GATEWAY)
