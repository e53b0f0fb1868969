"""Imports without a search for garbage, which goes on afterwards."""

import subprocess
import sys

SCRIPT = """
import gc
from meteor.core.importing import preload
before = gc.get_freeze_count()
{switch}
try:
    preload({module!r})
except ModuleNotFoundError:
    print("none")
print({module!r} in __import__("sys").modules, gc.isenabled(), gc.get_freeze_count() > before)
"""


def said(module: str, switch: str = "") -> list[str]:
    """What a process of its own says after the import."""
    line = [sys.executable, "-c", SCRIPT.format(module=module, switch=switch)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()


def test_what_was_imported_is_no_longer_looked_through_and_the_search_goes_on() -> None:
    assert said("xml.dom.minidom") == ["True", "True", "True"]


def test_who_has_switched_the_search_off_finds_it_so() -> None:
    assert said("xml.dom.minidom", "gc.disable()") == ["True", "False", "True"]


def test_after_an_import_that_fails_the_search_goes_on() -> None:
    assert said("meteor_has_no_such_module") == ["none", "False", "True", "False"]
