"""What imports lead to: which item is which row of which system's file."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from custody.permits import parse_time

if TYPE_CHECKING:  # derived.py takes TAKE from here
    from cloud.ledger.derived import Derived, Told


def _import(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    name, source = content["import"], content["source"]
    derived.table("import")[name] = {
        "source": source, "sha256": content["sha256"], "rows": content["rows"], "made": len(content["made"]),
        "taken_at": parse_time(told.at), "taken_by": told.actor, "index": told.index,
    }  # fmt: skip
    for row in content["made"]:
        seized = row.get("seized_at")
        derived.table("import_row")[f"{name} {source} {row['key']}"] = {
            "item": row["thing"], "sha256": row["sha256"], "seized_at": None if seized is None else parse_time(seized),
        }  # fmt: skip
    return {name}


TAKE: dict[str, Callable[["Derived", "Told"], set[str] | None]] = {"import_taken": _import}
"""Kind of record → what it does to the tables."""
