"""One contract is made of five without losing or mixing anything up."""

import pytest
from gateway.contract.merge import merge
from gateway.contract.paths import PathClaimedTwice

ANSWER = {
    "200": {
        "description": "x",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
    }
}


def a_document(path, operation_id="read", note=None, **more):
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "servers": [{"url": "http://gateway.test"}],
        "paths": {
            path: {"get": {"operationId": operation_id, "tags": ["notes"], "responses": {**ANSWER}}}
        },
        "components": {"schemas": {"Note": note or {"type": "object"}}},
        **more,
    }


def merged(**services):
    own = a_document("/v1/clients", "list_clients")
    return merge(own, {name.replace("_", "-"): document for name, document in services.items()})


def test_equal_schemas_are_shared_and_different_ones_renamed():
    document = merged(
        complaints=a_document("/v1/complaints", "a"),
        scoring=a_document("/v1/scores", "b", note={"type": "string"}),
    )

    schema = document["paths"]["/v1/scores"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    assert document["components"]["schemas"] == {
        "Note": {"type": "object"},
        "ScoringNote": {"type": "string"},
    }
    assert schema == {"$ref": "#/components/schemas/ScoringNote"}


def test_operation_ids_stay_unique():
    document = merged(complaints=a_document("/v1/complaints"), scoring=a_document("/v1/scores"))

    ids = [item["get"]["operationId"] for item in document["paths"].values()]
    assert len(ids) == len(set(ids))


def test_every_answer_tells_the_limits_and_what_may_fail_on_the_way():
    document = merged(complaints=a_document("/v1/complaints"))
    answers = document["paths"]["/v1/complaints"]["get"]["responses"]
    shared = document["components"]["responses"]

    assert {"200", "502", "503", "504"} <= answers.keys()
    for answer in answers.values():
        told = shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        assert {"RateLimit", "RateLimit-Policy"} <= told["headers"].keys()


def test_a_path_that_two_claim_is_refused():
    with pytest.raises(PathClaimedTwice, match="complaints and scoring"):
        merged(complaints=a_document("/v1/scores"), scoring=a_document("/v1/scores"))


def test_the_documents_that_are_merged_are_left_as_they_are():
    own, other = (
        a_document("/v1/clients", "list"),
        a_document("/v1/complaints", note={"type": "string"}),
    )
    before = repr((own, other))

    merge(own, {"complaints": other})

    assert repr((own, other)) == before


def test_shared_paths_are_the_gateways_with_a_source():
    own = {**a_document("/v1/events", "list_events")}

    document = merge(own, {"complaints": a_document("/v1/events", "list_events")})

    [source] = [
        parameter
        for parameter in document["paths"]["/v1/events"]["get"]["parameters"]
        if parameter["name"] == "source"
    ]
    assert source["required"]
    assert "complaints" in source["schema"]["enum"]


def referring(name):
    return {"type": "object", "properties": {"inner": {"$ref": f"#/components/schemas/{name}"}}}


def test_what_refers_to_a_renamed_schema_is_renamed_with_it():
    documents = [
        a_document(path, path, note={"type": kind})
        for path, kind in (("/v1/complaints", "object"), ("/v1/scores", "string"))
    ]
    for document in documents:
        document["components"]["schemas"] |= {
            "Page": referring("Note"),
            "Book": referring("Page"),
            "Other": {"type": "null"},
        }

    document = merged(complaints=documents[0], scoring=documents[1])

    schemas = document["components"]["schemas"]
    assert (schemas["Page"], schemas["ScoringPage"]) == (
        referring("Note"),
        referring("ScoringNote"),
    )
    assert (schemas["Book"], schemas["ScoringBook"]) == (
        referring("Page"),
        referring("ScoringPage"),
    )
    assert "ScoringOther" not in schemas


def test_the_mapping_of_a_discriminator_is_led_to_the_new_name():
    other = a_document("/v1/scores", note={"type": "string"})
    mapping = {"note": "#/components/schemas/Note"}
    other["components"]["schemas"]["Choice"] = {
        "discriminator": {"propertyName": "kind", "mapping": mapping}
    }

    document = merged(complaints=a_document("/v1/complaints", "a"), scoring=other)

    assert document["components"]["schemas"]["Choice"]["discriminator"]["mapping"] == {
        "note": "#/components/schemas/ScoringNote"
    }


def test_a_body_that_does_not_come_is_told_where_there_is_one():
    other = a_document("/v1/complaints", "a")
    other["paths"]["/v1/complaints"]["post"] = {
        "operationId": "b",
        "requestBody": {"content": {}},
        "responses": {"201": {"description": "x"}},
    }

    operations = merged(complaints=other)["paths"]["/v1/complaints"]

    assert "408" in operations["post"]["responses"]
    assert "408" not in operations["get"]["responses"]
