"""The structure of the service:
settings documented, events described, routes with scopes, an idle service without numpy.
"""

import subprocess
import sys
from pathlib import Path

from scoring.app import EVENTS, ROUTERS, SCOPES, compose
from scoring.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def test_every_setting_stands_in_the_readme():
    readme = README.read_text()

    own = [name for name in Settings.__annotations__ if name != "database_schema"]

    assert [name for name in own if f"GUANXI_{name.upper()}" not in readme] == []
    assert own


def test_every_route_asks_for_a_scope_that_is_described():
    asked = {scope for router in ROUTERS for route in router.routes for scope in route.scopes}

    assert asked <= set(SCOPES)
    assert all(route.scopes for router in ROUTERS for route in router.routes)


def test_the_contract_describes_every_event():
    document = compose(Settings()).openapi()

    told = str(document)
    assert all(f"guanxi.{event.event_type}.v1" in told for event in EVENTS)


def test_an_idle_service_does_not_load_the_numeric_libraries():
    loaded = (
        "import sys, scoring.app, scoring.__main__; print([n for n in ('numpy', 'scipy',"
        " 'python_calamine') if n in sys.modules])"
    )

    told = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"
