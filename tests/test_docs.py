"""The docs name every hook, argument, key, setting and command."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from meteor.__main__ import COMMANDS
from meteor.commands import reference
from meteor.core import hookspecs
from meteor.running import observers
from tests.conftest import ROOT

PLUGINS = (ROOT / "docs/plugins.md").read_text()
DOCS = "\n".join(file.read_text() for file in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PAPERS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\(([^)\s:]+)\)")
"""What a link names, those to other places on the web left out."""
HOOKS = {
    name: hook
    for module in (hookspecs, observers)
    for name, hook in vars(module).items()
    if hasattr(hook, "meteor_spec")
}


def test_the_page_of_settings_is_what_the_code_says() -> None:
    written = (ROOT / "docs/settings.md").read_text()
    assert written == reference.page(), "run `make docs` and commit docs/settings.md"


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_described_with_its_arguments(name: str) -> None:
    hook: Any = HOOKS[name]
    _, found, after = PLUGINS.partition("## Hooks")[2].partition(f"def {name}(")
    assert found, f"docs/plugins.md does not describe {name}"
    signature = after[: after.index("```")]
    arguments = inspect.signature(hook).parameters
    missing = [argument for argument in arguments if argument not in signature]
    assert not missing, f"docs/plugins.md: the signature of {name} lacks {missing}"
    assert inspect.getdoc(hook)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described(command: str) -> None:
    assert f"`meteor {command}" in DOCS or f"\nmeteor {command}" in DOCS


def test_every_check_of_the_kit_is_named() -> None:
    for role in [*hookspecs.ROLES, observers.OBSERVER]:
        assert f"`check_{role}`" in PLUGINS


def anchors(paper: Path) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", paper.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_link_leads_somewhere(paper: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", paper.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(prose):
        name, _, anchor = link.partition("#")
        target = (paper.parent / name).resolve() if name else paper
        assert target.exists(), f"{paper}: {link}: there is no such file"
        assert not anchor or anchor in anchors(target), f"{paper}: {link}: there is no such heading"


def test_the_index_of_the_docs_is_whole() -> None:
    index = (ROOT / "docs/README.md").read_text()
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert not {page for page in pages if f"]({page})" not in index}
