"""The papers show the rules that ship: what is drawn there is drawn anew and compared."""

import re
from pathlib import Path

import pytest

from cloud.rules_cli import paper
from custody.diagram import mermaid, steps_table
from custody.things import State
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
DOCS = Path(__file__).parents[2] / "docs" / "custody.md"


def test_the_papers_are_current() -> None:
    text = DOCS.read_text("utf-8")
    assert text.endswith("\n".join(paper(PACK, "en")) + "\n"), "sealtrail rules diagram --tables --language en"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_is_drawn_and_every_step_is_in_the_table(language: str) -> None:
    drawn = mermaid(PACK, language)
    assert set(re.findall(r" as (\w+)", drawn)) == {state.value for state in State}
    for (state, _), step in PACK.steps.items():
        if step.to(state) is not state:
            assert f"    {state} --> {step.to(state)} : " in drawn
    assert len(steps_table(PACK, language)) == len(PACK.content["steps"])
    assert all(all(cell is not None for cell in row) for row in steps_table(PACK, language))
