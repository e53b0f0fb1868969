"""Health: whether the judge can be believed.

Reads the preferences of the controls and of all checkpoints with their answers; writes the judge's
report.
"""

import logging
from pathlib import Path
from typing import Any

from meteor.core.jsonl import read_records, write_json
from meteor.core.judgements import Preference
from meteor.core.parts import Role
from meteor.core.records import Answer
from meteor.evaluation.health import health as measured
from meteor.evaluation.health import warnings
from meteor.evaluation.style import Text, style
from meteor.running.stage import Stage, run_stage

log = logging.getLogger("meteor")


def health(stage: Stage, controls: Path, preferences: Path, answers: Path, out: Path) -> None:
    params = stage.params
    judge, teacher, base = (models(role) for role in (params.judge, params.teacher, params.base))
    checked = list(read_records(controls, Preference))
    texts = {
        name: {row.id: row.text for row in read_records(answers / f"{name}.jsonl", Answer)}
        for name in params.evaluate
    }
    compared = [
        (name, row)
        for name in params.evaluate
        for row in read_records(preferences / f"{name}.jsonl", Preference)
    ]
    liked = style(
        [
            Text(
                row.share("overall"),
                texts[name][row.id],
                texts[row.against][row.id],
                f"{name} over {row.against}",
                row.id,
            )
            for name, row in compared
            if not row.same
        ]
    )
    report: dict[str, Any] = {
        "judge": " ".join([params.judge.plugin, *judge]),
        **measured(checked, [row for _, row in compared], liked, params.control.least),
    }
    found = list(warnings(report, judge, teacher, base))
    for warning in found:
        log.warning("warning: %s", warning)
    report["warnings"] = found or None  # DVC cannot plot a file with an empty list
    write_json(out, report)


def models(role: Role) -> list[str]:
    """The models that a plugin's settings name: hub ids, names at an endpoint, files."""
    named = (role.chosen.get(key) for key in ("model", "file"))
    return [name for name in named if isinstance(name, str)]


if __name__ == "__main__":
    run_stage(health)
