"""What is read of acts: pages of them, single ones, and which of them wait for me."""

from collections.abc import Sequence

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.act_models import ActRows, ActShown, HandShown
from cloud.evidence.acts import hands_of, open_seats
from cloud.people.models import Person
from cloud.rules.service import pack_named
from custody.rule_pack import RulePack, Step
from custody.things import Action, State
from proof.hands import challenge

_sql = load_queries(__file__, "acts.sql")

_NEWEST = 2**62


async def act(tx: Tx, person: Person, site: str, name: str) -> ActShown:
    """One act, as `person` sees it. Raises NotFoundError."""
    row = await one(tx, _sql.act, act=name, site=site)
    if row is None:
        raise NotFoundError("act", name)
    return await _shown(tx, row, person)


async def acts(
    tx: Tx, person: Person, site: str, *, waiting: bool = False, mine: bool = False, action: str | None = None,
    thing: str | None = None, after: int | None = None, limit: int = 100,
) -> ActRows:  # fmt: skip
    """Acts, newest first; `waiting` only those without an end, `mine` of them those that wait for `person`."""
    values = {"site": site, "waiting": waiting or mine, "action": action, "thing": thing, "most": limit}
    found = await rows(tx, _sql.acts, **values, before=_NEWEST if after is None else after)
    shown = [await _shown(tx, row, person) for row in found]
    following = found[-1]["index"] if len(found) == limit else None
    return ActRows(rows=[row for row in shown if row.mine or not mine], next=following)


async def _shown(tx: Tx, row: Row, person: Person) -> ActShown:
    pack = await pack_named(tx, row["rule_pack"])
    step = _step(pack, row) if pack else None
    live, roles = step.live if step else None, frozenset(person.roles)
    hands, empty = hands_of(row, live), open_seats(row, live)
    own = next((hand for hand in hands if hand.person == person.id), None)
    ending = step is not None and step.live is not None and not empty and row["ended"] is None
    free = own is None and any(roles & seat for seat in empty)
    mine = row["ended"] is None and row["site"] == person.site and ((ending and own is not None) or free)
    return ActShown(
        **{name: row[name] for name in ActShown.model_fields if name in row and name != "hands"},
        hands=[HandShown(**hand, passkey=hand["signature"] is not None) for hand in _without(row["hands"])],
        waiting_for=[sorted(seat) for seat in empty], ending=ending, mine=mine,
        challenge=challenge(row["hash"], ending=ending),
        passkey=bool(step and step.passkey & roles),
    )  # fmt: skip


def _without(hands: Sequence[Row]) -> list[Row]:
    """What is shown of each hand."""
    return [{name: hand[name] for name in ("person", "name", "part", "seat", "at", "signature")} for hand in hands]


def _step(pack: RulePack, row: Row) -> Step | None:
    if row["action"] in pack.decisions:
        return pack.decisions[row["action"]]
    action = Action(row["action"])
    return next((pack.steps[state, action] for state in State if (state, action) in pack.steps), None)
