"""The document that clients are made from says all they need, and the console's copy is the present one."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import cloud
from cloud.web.app import API, openapi
from cloud.web.examples import FILE

COPY = Path(cloud.__file__).parent / "console" / "src" / "api" / "openapi.json"
DOCUMENT = openapi()
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
OPEN = {"sign_in", "get_directory", "begin_oidc", "finish_oidc", "healthz", "readyz", "metrics", "enrol"} | {
    "renew_certificate",  # signed by the keys of a device
}


def test_the_consoles_copy_is_the_present_document() -> None:
    assert json.loads(COPY.read_text("utf-8")) == json.loads(json.dumps(openapi(examples=False))), (
        f"write it anew: sealtrail cloud openapi > {COPY.relative_to(Path.cwd())}"
    )


def test_every_operation_has_a_name_of_its_own_a_tag_and_a_sentence() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for _, path, operation in OPERATIONS:
        assert set(operation["tags"]) <= tags, path
        assert operation["description"].endswith((".", ")")), path


def test_every_operation_of_the_api_says_who_may_ask_and_what_a_problem_looks_like() -> None:
    for _, path, operation in OPERATIONS:
        assert (operation["operationId"] in OPEN) == ("security" not in operation), path
        if path.startswith(API):
            (media,) = operation["responses"]["422"]["content"].items()
            assert (media[0], media[1]["schema"]) == (
                "application/problem+json", {"$ref": "#/components/schemas/Problem"}
            )  # fmt: skip


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for member in value.values() for found in references(member)]
        if isinstance(value, list):
            return [found for member in value for found in references(member)]
        return []

    found = set(references(DOCUMENT))
    assert found
    assert {name.removeprefix("#/components/schemas/") for name in found} - set(schemas) == set()


def medias(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Where JSON is asked or answered: the place and the media type."""
    places = [("asked", operation.get("requestBody", {})), *operation["responses"].items()]
    return [(place, media) for place, told in places for kind, media in told.get("content", {}).items()
            if "json" in kind]  # fmt: skip


def test_every_operation_has_a_summary_and_examples_that_its_schemas_allow() -> None:
    wrong = []
    for _, _, operation in OPERATIONS:
        name = operation["operationId"]
        assert operation["summary"], name
        for place, media in medias(operation):
            schema = {**media.get("schema", {}), "components": DOCUMENT["components"]}
            assert "example" in media, (name, place)
            wrong += [(name, place, error.message[:200]) for error in
                      Draft202012Validator(schema).iter_errors(media["example"])]  # fmt: skip
    assert wrong == [], "record them anew: tests/cloud/recording.py"


def test_what_was_recorded_belongs_to_operations_that_there_are() -> None:
    recorded = json.loads(FILE.read_text("utf-8"))
    names = {operation["operationId"] for _, _, operation in OPERATIONS}
    assert set(recorded) <= names
    assert len(recorded) > len(names) / 2


def test_an_example_that_its_schema_forbids_is_found() -> None:
    (media,) = [media for _, _, operation in OPERATIONS if operation["operationId"] == "add_webhook"
                for place, media in medias(operation) if place == "asked"]  # fmt: skip
    schema = {**media["schema"], "components": DOCUMENT["components"]}
    assert not Draft202012Validator(schema).is_valid({**media["example"], "signs": "md5"})
