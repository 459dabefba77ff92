"""What crosses the gap as an AsyncAPI 3.0 document: topics, messages and their schemas, made from the very types that
both sides read with. Bodies of facts and orders are found by their docstrings, which begin "Body of `<kind>`".

The application described is an agent: it sends facts and receives orders.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

import wire
from proof import statement
from wire import messages, readings, topics
from wire.joining import DESIRED_TYPE, Wanted

VERSION = "1"
"""Of what crosses the gap, as in the topics."""
REF = "#/components/schemas/"
_JWS = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"}
_BODY = re.compile(r"Body of (the order |an order |the fact )?((?:`\w+`(?:, )?)+)")

Json = dict[str, Any]


def bodies() -> Iterator[tuple[str, bool, type[msgspec.Struct]]]:
    """Every typed body: its kind, whether it is an order's, and its type."""
    for module in sorted(pkgutil.iter_modules(wire.__path__), key=lambda one: one.name):
        members = vars(importlib.import_module(f"wire.{module.name}")).values()
        for kind in members:
            own = inspect.isclass(kind) and kind.__module__ == f"wire.{module.name}"
            if not own or not issubclass(kind, msgspec.Struct):
                continue
            found = _BODY.match(inspect.getdoc(kind) or "")
            for name in re.findall(r"\w+", found[2]) if found else ():
                yield name, bool(found and found[1] and "order" in found[1]), kind


def document() -> Json:
    """The document; it depends on nothing but the code."""
    typed = list(bodies())
    told = [messages.Batch, messages.Birth, messages.Order, readings.Columns, Wanted]
    signed = [statement.Statement, statement.Receipt, readings.Statement, readings.Receipt]
    kinds = list(dict.fromkeys([*told, *signed, *(kind for _, _, kind in typed)]))
    references, schemas = msgspec.json.schema_components(kinds, ref_template=f"{REF}{{name}}")
    of = dict(zip(kinds, references, strict=True))
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    _tell_bodies(schemas["Fact"], {name: of[kind] for name, order, kind in typed if not order})
    _tell_bodies(schemas["Order"], {name: of[kind] for name, order, kind in typed if order})
    schemas["Readings"] = {
        "type": "object", "required": ["jws", "readings"], "additionalProperties": False,
        "properties": {"jws": _JWS, "readings": of[readings.Columns]},
        "description": f"`jws` is a statement ({readings.STATEMENT_TYPE}) over the bytes of `readings`.",
    }  # fmt: skip
    schemas["Batch"]["properties"]["jws"] = _JWS
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sealtrail: between a warehouse and the cloud",
            "version": VERSION,
            "description": "MQTT 5 over TLS; every agent has a client certificate whose common name is its id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "description": "The broker of a deployment",
                "security": [{"type": "X509", "description": "Common name: the agent's id"}],
            }
        },
        "channels": {name: _channel(name) for name in (*topics.UP, *topics.DOWN, topics.CHECKPOINT)},
        "operations": {
            f"{'send' if up else 'receive'}_{name}": {
                "action": "send" if up else "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "bindings": {"mqtt": {"qos": 1, "retain": name in _RETAINED}},
            }
            for up, names in ((True, topics.UP), (False, (*topics.DOWN, topics.CHECKPOINT)))
            for name in names
        },
        "components": {"messages": _messages(of), "schemas": schemas},
    }


_RETAINED = (topics.BIRTH, topics.DESIRED, topics.CHECKPOINT)


def _tell_bodies(schema: Json, known: Mapping[str, Json]) -> None:
    """A body of a known kind has its form; one of another kind is kept as it is."""
    schema["allOf"] = [
        {"if": {"properties": {"kind": {"const": name}}}, "then": {"properties": {"body": reference}}}
        for name, reference in sorted(known.items())
    ]


def _channel(name: str) -> Json:
    site = name == topics.CHECKPOINT
    owner = "site" if site else "agent"
    about = "The site whose log it is" if site else "The agent: <site>.<name>"
    return {
        "address": f"{topics.ROOT}/{{{owner}}}/{name}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "parameters": {owner: {"description": about, "examples": ["nj01" if site else "nj01.gate-a"]}},
    }


def _messages(of: Mapping[type, Json]) -> Json:
    def signed(summary: str, purpose: str, claims: Json) -> Json:
        about = f"A compact JWS (EdDSA) of type `{purpose}`; the claims are those of `x-claims`."
        whole = {"summary": summary, "description": about, "contentType": "application/jose"}
        return {**whole, "payload": _JWS, "x-claims": claims}

    return {
        topics.FACTS: {
            "summary": "Facts, sealed and signed",
            "description": f"`jws` is a statement (`{statement.STATEMENT_TYPE}`) over the chain's head after them; a "
            f"receipt answers it. At most {messages.MAX_BATCH_FACTS} facts and {messages.MAX_BATCH_BYTES} bytes.",
            "payload": {"$ref": f"{REF}Batch"},
            "x-claims": of[statement.Statement],
        },
        topics.READINGS: {
            "summary": "Telemetry, in numbered and signed batches",
            "payload": {"$ref": f"{REF}Readings"},
            "x-claims": of[readings.Statement],
        },
        topics.BIRTH: {
            "summary": "Who is there",
            "description": "Retained; the last will says that the agent is gone.",
            "payload": of[messages.Birth],
        },
        topics.ORDERS: signed("What is asked of an agent", messages.ORDER_TYPE, of[messages.Order]),
        topics.RECEIPTS: {
            **signed("What the ledger has", statement.RECEIPT_TYPE, of[statement.Receipt]),
            "x-claims-of-readings": of[readings.Receipt],
        },
        topics.DESIRED: signed("The configuration wanted", DESIRED_TYPE, of[Wanted]),
        topics.CHECKPOINT: {
            "summary": "The newest checkpoint of a site's log",
            "description": "A signed note (C2SP tlog-checkpoint) with its cosignatures.",
            "contentType": "text/plain",
            "payload": {"type": "string"},
        },
    }
