"""People as the log tells of them: accounts and what became of them, passkeys, organisation units."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from custody.permits import parse_time
from proof.keys import unb64

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Told


def _added(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    derived.table("person")[content["person"]] = {
        "username": content["username"], "name": content["name"], "roles": content["roles"],
        "added_at": parse_time(told.at), "unit": content.get("unit"), "issuer": content.get("issuer"),
        "subject": content.get("subject"), "disabled_at": None, "disabled_by": None,
        "password_due": content.get("password_due", False), "password_at": None, "password_by": None,
    }  # fmt: skip
    return {content["person"]}


def _changed(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    row = derived.table("person").get(content["person"])
    if row is not None:
        row.update(name=content["name"], roles=content["roles"], unit=content["unit"])
    return {content["person"]}


def _disabled(derived: "Derived", told: "Told") -> set[str]:
    person = told.content["person"]
    row = derived.table("person").get(person)
    if row is not None:
        row.update(disabled_at=parse_time(told.at), disabled_by=told.actor)
    return {person}


def _enabled(derived: "Derived", told: "Told") -> set[str]:
    person = told.content["person"]
    row = derived.table("person").get(person)
    if row is not None:
        row.update(disabled_at=None, disabled_by=None)
    return {person}


def _password(derived: "Derived", told: "Told") -> set[str]:
    person = told.content["person"]
    row = derived.table("person").get(person)
    if row is not None:
        row.update(password_due=told.actor != person, password_at=parse_time(told.at), password_by=told.actor)
    return {person}


def _passkey_added(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    derived.table("passkey")[content["credential"]] = {
        "person": content["person"], "public_key": unb64(content["public_key"]), "alg": content["alg"],
        "rp_id": content["rp_id"], "added_at": parse_time(told.at), "removed_at": None, "index": told.index,
    }  # fmt: skip
    return {content["person"]}


def _passkey_removed(derived: "Derived", told: "Told") -> set[str]:
    row = derived.table("passkey").get(told.content["credential"])
    if row is not None:
        row["removed_at"] = parse_time(told.at)
    return {told.content["person"]}


def _unit(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    row = {"parent": content["parent"], "name_zh": content["name_zh"], "name_en": content["name_en"]}
    derived.table("unit")[content["unit"]] = row
    return set()


def _placed(derived: "Derived", told: "Told") -> set[str]:
    derived.table("site")[derived.site] = {"unit": told.content["unit"]}
    return set()


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {
    "person_added": _added,
    "person_changed": _changed,
    "person_disabled": _disabled,
    "person_enabled": _enabled,
    "password_changed": _password,
    "password_reset": _password,
    "passkey_added": _passkey_added,
    "passkey_removed": _passkey_removed,
    "unit_added": _unit,
    "site_placed": _placed,
}
"""How each kind of record is taken; see `derived.take_record`."""
