"""Examples of the OpenAPI document: real requests and answers, which the tests recorded (tests/cloud/recording.py).

An operation that none is recorded of gets one that its schema leads to, from the examples of its fields.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")
JSON = "application/json"
PROBLEM = "application/problem+json"
DEEPEST = 6
LIST_MEMBERS = 2
_STRINGS = {
    "date-time": "2026-11-22T03:00:00.000000Z",
    "date": "2026-11-22",
    "uri": "https://example.org/",
    "binary": "",
}

_LIKELY = ("nj01/I-AB12CD34EF", "nj01.gate-a", "nj01", "0f" * 32, "zone-a", "A-01", "2026-11-22", "1", "a" * 8)
"""What fields with a pattern are likely to look like."""

Schema = Mapping[str, Any]


def shortened(value: Any) -> Any:
    """`value` with at most two members in each list: the third says nothing new."""
    if isinstance(value, dict):
        return {key: shortened(member) for key, member in value.items()}
    return [shortened(member) for member in value[:LIST_MEMBERS]] if isinstance(value, list) else value


def summarise(document: dict[str, Any]) -> None:
    """Gives every operation of `document` its name as a summary."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["summary"] = operation["operationId"].replace("_", " ").capitalize()


def add_examples(document: dict[str, Any]) -> None:
    """Gives every operation of `document` examples of what is asked, answered and refused."""
    recorded: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            _describe(operation, recorded.get(operation["operationId"], {}), schemas)


def _describe(operation: dict[str, Any], real: Mapping[str, Any], schemas: Schema) -> None:
    asked = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if asked is not None:
        asked["example"] = real["asked"] if "asked" in real else sample(asked["schema"], schemas)
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if PROBLEM in content:
            answer["content"] = {PROBLEM: {**content[PROBLEM], "example": _problem(status, answer["description"])}}
        elif JSON in content:
            told = content[JSON]
            same = str(real.get("status")) == status
            told["example"] = real["answer"] if same else sample(told.get("schema", {}), schemas)


def _problem(status: str, about: str) -> dict[str, Any]:
    code = {"401": "not_signed_in", "403": "forbidden", "404": "not_found", "409": "refused", "422": "invalid"}
    told: dict[str, Any] = {
        "type": "about:blank", "title": about, "status": int(status), "code": code.get(status, "bad_request"),
        "detail": about,
    }  # fmt: skip
    if status == "409":
        told |= {"reason": "no_permit", "rule": "gate.permit", "subject": "nj01/I-AB12CD34EF"}
    if status == "422":
        told["errors"] = [{"field": "body.name", "message": "Field required"}]
    return told


def sample(schema: Schema, schemas: Schema, depth: int = 0) -> Any:
    """A value of `schema`: the first example of each field, else the least that it allows."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    for given in ("example", "const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            deep = depth >= DEEPEST and {"type": "null"} in schema[choice]
            return None if deep else sample(schema[choice][0], schemas, depth)
    return _plain(schema, schemas, depth)


def _plain(schema: Schema, schemas: Schema, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", ()) if depth >= DEEPEST else schema.get("properties", {})
        return {name: sample(schema["properties"][name], schemas, depth + 1) for name in required}
    if "prefixItems" in schema:
        return [sample(one, schemas, depth + 1) for one in schema["prefixItems"]]
    if kind == "array":
        least = max(int(schema.get("minItems", 0)), 0 if depth >= DEEPEST else 1)
        return [sample(schema.get("items", {}), schemas, depth + 1) for _ in range(least)]
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    if kind == "string":
        return _text(schema)
    return {"boolean": False, "null": None}.get(str(kind), {})


def _text(schema: Schema) -> str:
    if "pattern" in schema:
        return next((text for text in _LIKELY if re.search(schema["pattern"], text)), "")
    return _STRINGS.get(schema.get("format", ""), "x" * int(schema.get("minLength", 1)))
