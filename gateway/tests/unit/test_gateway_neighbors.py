"""What the overview asks of the services exists in their contracts."""

import json
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from gateway.contract.documents import contracts_folder
from gateway.overview.compose import parts_of

CUSTOMER = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def contract_of(service):
    folder = contracts_folder("")
    file = folder and folder / f"{service}.json"
    if not file or not file.is_file():
        pytest.skip(f"the contract of {service} is not here")
    return json.loads(file.read_text("utf-8"))


def parameters(contract, operation):
    shared = contract["components"].get("parameters", {})
    return [
        shared[told["$ref"].rpartition("/")[2]] if "$ref" in told else told
        for told in operation["parameters"]
    ]


@pytest.mark.parametrize("part", parts_of(CUSTOMER), ids=lambda part: part.name)
def test_every_question_of_the_overview_is_in_the_contract_of_its_service(part):
    target = urlsplit(part.target)
    contract = contract_of(part.service)

    operation = contract["paths"][target.path.replace(str(CUSTOMER), "{customer_id}")]["get"]

    assert {name for name, _ in parse_qsl(target.query)} <= {
        parameter["name"] for parameter in parameters(contract, operation)
    }
