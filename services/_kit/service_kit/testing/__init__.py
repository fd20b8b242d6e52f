"""What the tests of every service start from:
real Postgres, real sockets, tokens made with a key of the test.
"""

from service_kit.testing.serving import Api, serving
from service_kit.testing.tokens import ISSUER, SigningKeys

__all__ = ["ISSUER", "Api", "SigningKeys", "serving"]
