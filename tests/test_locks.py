"""The locked packages are those of the oldest Python that the project takes."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from packaging.specifiers import SpecifierSet

from tests.conftest import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PINNED = sorted(
    line.split("==")[0]
    for lock in LOCKS
    for line in lock.read_text(encoding="utf-8").splitlines()
    if "==" in line
)
SUPPORTED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OLDEST = re.sub(r"^>=", "", SUPPORTED["requires-python"]) + ".0"


def test_no_locked_package_asks_for_a_later_python() -> None:
    """Debian 12 has 3.11.2: `make repro` ended there at one package that wants 3.11.5."""
    asked: dict[str, SpecifierSet] = {}
    for name in PINNED:
        try:
            asked[name] = SpecifierSet(metadata(name)["Requires-Python"] or "")
        except PackageNotFoundError:
            pytest.skip(f"{name} is not installed: the tests run in another environment")
    assert asked and not [name for name, pythons in asked.items() if OLDEST not in pythons]
