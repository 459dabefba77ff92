"""Every dependency has its reason in docs/dependencies.md and a use in the tree."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.law.tree import PACKAGES, ROOT, imports, shown, tracked

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Used without an import of ours, by the one that the reason names.
BEHIND = {"httptools": "uvicorn", "uvloop": "uvicorn", "numpy": "OpenCV"}
# Distributions that an extra of a declared one brings, such as psycopg[pool].
EXTRAS = {"psycopg-pool": "psycopg"}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ;]", requirement)[0].lower() for requirement in requirements}


def imported() -> dict[str, set[str]]:
    """Distribution → files of the product that import it."""
    by_module = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in tracked("sealtrail.py", "verify.py", *(f"{package}/*.py" for package in PACKAGES)):
        for _, module in imports(path):
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names and top not in (*PACKAGES, "sealtrail", "verify"):
                for distribution in by_module.get(top, [top]):
                    name = distribution.lower().replace("_", "-")
                    found.setdefault(EXTRAS.get(name, name), set()).add(shown(path))
    return found


def test_every_dependency_has_its_reason_and_no_reason_is_left_over() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    declared = names(PROJECT["dependencies"]).union(*map(names, PROJECT["optional-dependencies"].values()))
    assert set(re.findall(r"^\| `([^`]+)` \|", text, re.M)) == declared


def test_the_product_imports_only_what_it_declares() -> None:
    declared = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["pi"])
    # Benchmarks are run where tests are, with what tests have.
    foreign = {
        name: {file for file in files if not file.startswith("benchmarks/")} for name, files in imported().items()
    }
    assert {name: files for name, files in foreign.items() if files and name not in declared} == {}


def test_nothing_is_declared_that_the_product_does_not_use() -> None:
    assert names(PROJECT["dependencies"]) - set(imported()) - set(BEHIND) == set()
