"""Nothing in the tree may name one machine's folders or a package registry's host."""

import re

from tests.law.tree import hits

# Written in pieces, so that this file does not name what it forbids.
REGISTRIES = [
    "pypi" + r"\.org",
    "pythonhosted" + r"\.org",
    "registry" + r"\.npmjs",
    "npm" + r"mirror",
    "deb" + r"\.debian",
]
FOLDERS = [r"(?<![\w.}>])/" + name + "/" for name in ("work", "root", r"home/\w+", r"Users/\w+", "opt/pypi")]


def test_no_registry_host_is_named() -> None:
    assert not list(hits(re.compile("|".join(REGISTRIES)), "*"))


def test_no_folder_of_one_machine_is_named() -> None:
    assert not list(hits(re.compile("|".join(FOLDERS)), "*"))


def test_python_locks_hold_no_address() -> None:
    assert not list(hits(re.compile(r"://|--(extra-)?index-url|--find-links"), "requirements*.lock"))


def test_npm_lock_holds_no_download_address() -> None:
    assert not list(hits(re.compile(r'"resolved"'), "*package-lock.json"))
