"""Every path of every contract leads to the service that wrote it."""

import json

import pytest
from gateway.contract.published import contracts_folder
from gateway.proxy.routing import SERVICES, is_shared, is_stream, owner_of

ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v1/customers", "customer-profile"),
        (f"/v1/customers/{ID}", "customer-profile"),
        (f"/v1/customers/{ID}/contact-decision", "customer-profile"),
        (f"/v1/customers/{ID}/contact-persons/{ID}", "customer-profile"),
        (f"/v1/customers/{ID}/scores", "scoring"),
        (f"/v1/customers/{ID}/tier-override", "scoring"),
        (f"/v1/customers/{ID}/overview", None),
        ("/v1/customer-imports", "customer-profile"),
        ("/v1/care-tasks", "customer-profile"),
        (f"/v1/complaints/{ID}/approval", "complaints"),
        ("/v1/sla-policies/vip", "complaints"),
        ("/v1/calendars/cn-standard", "complaints"),
        ("/v1/transactions/batch", "scoring"),
        ("/v1/tier-schemes/stars", "scoring"),
        ("/v1/tier-treatments", "contact-center"),
        ("/v1/survey-responses", "scoring"),
        ("/v1/dedicated-agents/x", "contact-center"),
        ("/v1/entry-points", "contact-center"),
        ("/v1/offers/x/acceptance", "contact-center"),
        ("/v1/clients", None),
        ("/v1/api-keys", None),
        ("/v1/events", None),
        ("/oauth/token", None),
        ("/v1", None),
        ("/v1/", None),
        ("/", None),
    ],
)
def test_the_first_word_of_the_resource_decides(path, owner):
    assert owner_of(path) == owner


def test_every_path_of_every_contract_leads_to_its_service():
    folder = contracts_folder("")
    documents = {name: folder / f"{name}.json" for name in SERVICES if folder and (folder / f"{name}.json").is_file()}

    astray = [
        (name, path)
        for name, file in documents.items()
        for path in json.loads(file.read_text("utf-8"))["paths"]
        if path.startswith("/v1/") and not is_shared(path) and owner_of(path) != name
    ]

    assert astray == []


def test_tickets_open_what_the_contracts_call_event_streams_and_nothing_else():
    folder = contracts_folder("")
    assert folder is not None
    documents = [json.loads((folder / f"{name}.json").read_text("utf-8")) for name in (*SERVICES, "gateway")]

    gets = {path: item["get"] for document in documents for path, item in document["paths"].items() if "get" in item}
    streams = {
        path for path, get in gets.items() if any("text/event-stream" in answer.get("content", {}) for answer in get["responses"].values())
    }

    assert streams
    assert {path for path in gets if is_stream(path.replace("{agent_id}", ID))} == streams
