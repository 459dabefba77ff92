"""The document that clients are made from says all they need, and the console's copy is the present one."""

import json
from pathlib import Path
from typing import Any

import cloud
from cloud.web.app import API, openapi

COPY = Path(cloud.__file__).parent / "console" / "src" / "api" / "openapi.json"
DOCUMENT = openapi()
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
OPEN = {"sign_in", "get_directory", "begin_oidc", "finish_oidc", "healthz", "readyz", "metrics", "enrol"} | {
    "renew_certificate",  # signed by the keys of a device
}


def test_the_consoles_copy_is_the_present_document() -> None:
    assert json.loads(COPY.read_text("utf-8")) == json.loads(json.dumps(DOCUMENT)), (
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
            content = operation["responses"]["422"]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


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
