"""Which service answers which path is what the contracts say."""

import pytest
from gateway.contract.documents import (
    ContractMissing,
    contracts_folder,
    read_contracts,
    require_all,
    streams_in,
)
from gateway.contract.paths import SHARED, PathClaimedTwice, Paths
from gateway.services import GATEWAY, SERVICES

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
CONTRACTS = read_contracts(contracts_folder(""))
PATHS = Paths(
    {
        GATEWAY: ["/v1/clients", "/v1/events", "/v1/shelves/{id}/overview"],
        "library": [
            "/v1/events",
            "/v1/shelves",
            "/v1/shelves/{id}",
            "/v1/shelves/{id}/books",
            "/v1/readers",
            "/v1/readers/{id}/cards",
        ],
        "shop": [
            "/v1/events",
            "/v1/shelves/{shelf_id}/prices",
            "/v1/shelves/{id}/prices/{day}",
            "/v1/shelves/best",
        ],
    }
)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v1/shelves", "library"),
        ("/v1/shelves/", "library"),
        (f"/v1/shelves/{ID}", "library"),
        (f"/v1/shelves/{ID}/books", "library"),
        (f"/v1/shelves/{ID}/prices", "shop"),
        (f"/v1/shelves/{ID}/prices/today", "shop"),
        (f"/v1/shelves/{ID}/overview", GATEWAY),
        ("/v1/shelves/best", "shop"),
        ("/v1/readers", "library"),
        ("/v1/clients", GATEWAY),
        ("/v1/events", SHARED),
        ("/oauth/token", GATEWAY),
        ("/v1", GATEWAY),
        ("/v1/", GATEWAY),
        ("/", GATEWAY),
    ],
)
def test_a_path_is_answered_by_who_publishes_it(path, owner):
    assert PATHS.owner_of(path) == owner


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v1/readers/x/cards/y/z", "library"),
        (f"/v1/shelves/{ID}/unheard-of", "library"),
        (f"/v1/shelves/{ID}/prices/today/unheard-of", "shop"),
        ("/v1/unheard-of", GATEWAY),
    ],
)
def test_what_nobody_publishes_is_refused_by_who_answers_what_lies_above(path, owner):
    assert PATHS.owner_of(path) == owner


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/notes/{note_id}/pages"])
def test_a_path_that_two_claim_is_an_error_that_names_both(path):
    with pytest.raises(PathClaimedTwice, match=r"/v1/notes.* is claimed by library and shop"):
        Paths({GATEWAY: [], "library": [path], "shop": [path.replace("note_id", "id")]})


@pytest.mark.parametrize("service", SERVICES)
def test_every_path_of_every_contract_leads_to_its_service(service):
    paths = Paths({name: contract["paths"] for name, contract in CONTRACTS.items()})

    astray = {
        path
        for path in CONTRACTS[service]["paths"]
        if paths.owner_of(path) not in (service, SHARED)
    }

    assert astray == set()


async def test_a_gateway_does_not_start_without_the_contract_of_a_service(tmp_path):
    with pytest.raises(ContractMissing, match="scoring"):
        await require_all(CONTRACTS.keys() - {"scoring"}, tmp_path)


def test_tickets_open_event_streams_and_nothing_else():
    streams = streams_in(CONTRACTS.values())

    assert streams.fullmatch(f"/v1/agents/{ID}/stream")
    assert not streams.fullmatch(f"/v1/agents/{ID}")
    assert not streams.fullmatch(f"/v1/agents/{ID}/stream/more")
    assert not streams_in([]).fullmatch("/v1/agents")
