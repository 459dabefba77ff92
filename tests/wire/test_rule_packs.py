"""Rule pack files that cannot be read."""

from pathlib import Path

import pytest

from custody.errors import RulePackError
from wire.errors import RulePackFileError
from wire.rule_packs import load_rule_pack


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1", b""])
def test_a_file_that_is_no_mapping(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pack.yaml"
    file.write_bytes(content)
    with pytest.raises(RulePackFileError, match=r"pack\.yaml"):
        load_rule_pack(file)


def test_a_missing_file_and_one_with_faults(tmp_path: Path) -> None:
    with pytest.raises(RulePackFileError):
        load_rule_pack(tmp_path / "none.yaml")
    (tmp_path / "pack.yaml").write_text("name: x")
    with pytest.raises(RulePackError):
        load_rule_pack(tmp_path / "pack.yaml")
