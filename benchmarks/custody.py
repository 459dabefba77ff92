"""The decision about a step, pure: decisions a second, beside bare SHA-256 of a fact on the same core."""

import hashlib
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from custody.roles import Role
from custody.steps import Hand, Thing, decide_step
from custody.things import Action, Kind, State
from wire.rule_packs import load_rule_pack

LIMIT = 100_000
ROUNDS, BEST_OF = 50_000, 5


def run() -> None:
    """Print the table."""
    pack, now = load_rule_pack(), datetime.now(UTC)

    def hand(person: str, role: Role) -> Hand:
        return Hand(person=person, roles=frozenset({role}), credential=person, at=now)

    def thing(state: State) -> list[Thing]:
        return [Thing(id="nj01/P-1", kind=Kind.PACKAGE, state=state)]

    stored, sealed = thing(State.STORED), thing(State.SEALED)
    one, two = [hand("a", Role.KEEPER)], [hand("b", Role.INSPECTOR), hand("a", Role.KEEPER)]
    cases: dict[str, Callable[[], Any]] = {
        "a move, one hand": lambda: decide_step(pack, Action.MOVE, stored, one, {"slot": "s"}, now),
        "a handover, two hands": lambda: decide_step(pack, Action.HANDOVER, sealed, two, {"differences": []}, now),
        "a step that is refused": lambda: decide_step(pack, Action.PLACE, stored, one, {}, now),
    }
    fact = b"x" * 300
    bare = _a_second(lambda: hashlib.sha256(fact).digest())
    table = Table(title="Deciding a step", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for what, decide in cases.items():
        rate = _a_second(decide)
        holds = "holds" if rate >= LIMIT else "DOES NOT HOLD"
        table.add_row(what, f"{rate:,.0f}/s", f"limit {LIMIT:,}/s: {holds}; SHA-256 of 300 bytes: {bare:,.0f}/s")
    Console().print(table)


def _a_second(work: Callable[[], Any]) -> float:
    return ROUNDS / min(timeit.repeat(work, number=ROUNDS, repeat=BEST_OF))
