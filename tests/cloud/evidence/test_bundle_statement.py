import json
import re
from pathlib import Path

import pytest
import typst

import cloud
from cloud.evidence import bundle_words as words
from cloud.evidence.errors import StatementError
from cloud.evidence.typesetting import check_fonts
from cloud.ledger.derived_custody import TAKE
from custody.decisions import Reason
from custody.things import Action, Direction
from proof.keyring import ENDS, ROLES
from tests.cloud.receiving import PACK
from wire.kinds import FactKind

LOCALES = Path(cloud.__file__).parent / "console" / "src" / "locales"
CAUSES = json.loads((LOCALES / "en.json").read_text("utf-8"))["cause"]


def test_a_machine_without_chinese_fonts_is_told_which_package_has_them() -> None:
    with pytest.raises(StatementError, match="no font Noto Sans CJK SC and no font Noto Serif CJK SC") as caught:
        check_fonts(typst.Fonts(include_system_fonts=False))
    assert "fonts-noto-cjk" in caught.value.diagnosis
    check_fonts(typst.Fonts())


def test_everything_that_can_stand_in_a_statement_has_words_in_both_languages() -> None:
    assert set(FactKind) <= set(words.KINDS)
    assert set(Reason) <= set(words.REASONS)
    assert set(CAUSES) - {"other"} == set(words.CAUSES)
    assert set(Direction) == set(words.WAYS)
    assert {*Action, *PACK.decisions, "sign"} == set(words.STEPS)
    assert {*TAKE} <= set(words.KINDS)
    assert set(ROLES) == set(words.ROLES)
    assert set(ENDS) == set(words.ENDS)
    for table in (
        words.KINDS,
        words.STEPS,
        words.REASONS,
        words.CAUSES,
        words.WAYS,
        words.ROLES,
        words.ENDS,
        words.SEVERITIES,
    ):
        for zh, en in table.values():
            assert re.search(r"[\u4e00-\u9fff]", zh)
            assert re.fullmatch(r"[ -~]+", en), en
