"""The steps of a rule pack as a graph: can every state be reached, and does every way end somewhere?"""

from collections.abc import Iterator, Mapping
from typing import Any

from custody.errors import Fault, Path
from custody.rule_pack import Step
from custody.things import Action, State

Steps = Mapping[tuple[State, Action], Step]


def graph_faults(states: Mapping[State, Mapping[str, Any]], steps: Steps, places: Mapping[Action, Path]) -> list[Fault]:
    """States that nothing leads to, states from which no end can be reached, and steps out of an end."""
    starts = {state for state, told in states.items() if told.get("start")}
    final = {state for state, told in states.items() if told.get("final")}
    faults = [Fault(("states",), "no state is a start")] if not starts else []
    there = _closure(starts, steps, backwards=False)
    ending = _closure(final, steps, backwards=True)
    for state in states:
        if state not in there:
            faults.append(Fault(("states", state.value), "nothing leads to it from a start"))
        elif state not in ending:
            faults.append(Fault(("states", state.value), "no way leads from it to an end: a cycle without exit"))
    faults += [
        Fault(places[action], f"{state} is final, yet {action} leads on from it")
        for state, action in steps
        if state in final
    ]
    return faults


def _closure(begin: set[State], steps: Steps, *, backwards: bool) -> set[State]:
    found, edges = set(begin), list(_edges(steps))
    grew = True
    while grew:
        near = {(a if backwards else b) for a, b in edges if (b if backwards else a) in found}
        grew = not near <= found
        found |= near
    return found


def _edges(steps: Steps) -> Iterator[tuple[State, State]]:
    for (state, _), step in steps.items():
        yield state, step.to(state)
