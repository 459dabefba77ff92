"""Reading rule pack files. The rules themselves are custody's; only the file is read here."""

from pathlib import Path

import yaml

import custody
from custody.rule_pack import RulePack, parse_rule_pack
from wire.errors import RulePackFileError

DEFAULT_PACK = Path(custody.__file__).parent / "packs" / "tobacco_cn.yaml"


def load_rule_pack(path: Path = DEFAULT_PACK) -> RulePack:
    """The pack in the YAML file `path`. Raises RulePackFileError, or RulePackError with every fault."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RulePackFileError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise RulePackFileError(f"{path}: not a mapping")
    return parse_rule_pack(content)
