"""What tests of the core share."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.house import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Plugins come from a folder of the test's own, and are forgotten afterwards."""

    def forget() -> dict[str, Any]:
        names = [name for name in sys.modules if name.partition(".")[0] == "plugins"]
        return {name: sys.modules.pop(name) for name in names}

    before = forget()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield House(tmp_path)
    forget()
    sys.modules.update(before)
