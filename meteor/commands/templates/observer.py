"""An observer that appends one line a finished stage to a file of one's own."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meteor.plugin import hookimpl


@hookimpl
def stage_finished(stage: str, seconds: float, summary: Mapping[str, Any]) -> None:
    _note({"stage": stage, "seconds": round(seconds, 1), "rows": summary.get("rows")})


@hookimpl
def stage_failed(stage: str, seconds: float, error: str) -> None:
    _note({"stage": stage, "seconds": round(seconds, 1), "error": error})


def _note(what: dict[str, Any]) -> None:
    """METEOR_JOURNAL names the file; a user's own, so that all workspaces write one."""
    file = Path(os.environ.get("METEOR_JOURNAL", Path.home() / ".meteor-journal.jsonl"))
    line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="seconds"), **what})
    with file.open("a", encoding="utf-8") as journal:
        journal.write(line + "\n")
