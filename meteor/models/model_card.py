"""The model card of a checkpoint: what it is, where it comes from, what it was taught, by what.

The card's front matter carries one entry for each training since the base model, so that a card
can be written from the card of the checkpoint before and the newest training. It holds nothing
that differs between two runs (no date, no seconds), and of the data only what was learned: later
stages depend on its bytes.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meteor.core.jsonl import replacing
from meteor.core.records import Record
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule

CARD = "README.md"
UNKNOWN = "unknown"
STORY = "meteor"
"""The key of the front matter with the trainings, oldest first."""
ITERATIVE = "iterative training"
"""The phase of a round."""
REVISING = "learning to revise"
"""The phase of a checkpoint that is taught to."""
LIMITS = """\
- It is as reliable as what it learned from, and a small model invents facts with confidence. Judge
  it on your own questions, by a strong model or by people, before anybody relies on its answers.
- It knows the domain of its training questions. Elsewhere it may answer worse than its base model.
- It was not trained or tested for safety."""


@dataclass(frozen=True)
class Learned:
    """The newest training: its phase, what was learned from by which trainer, and how it went."""

    phase: str
    data: Sequence[Record]
    trainer: Plugin
    schedule: Schedule
    seed: int
    rows: int
    losses: Sequence[tuple[int, float]]
    gate: Mapping[str, Any] | None = None


def write_base_card(checkpoint: Path, model: str, front: Mapping[str, Any]) -> None:
    """The card of a base model: its name, and the licence that its own card or file tells."""
    licence = {key: value for key, value in front.items() if key.startswith("license") and value}
    head = {**(licence or {"license": UNKNOWN}), "base_model": model}
    _write(checkpoint, head, f"# {model}\n\nThe base model, as METEOR begins with it.\n")


def write_card(checkpoint: Path, start: Path, name: str, learned: Learned) -> None:
    """Write the card of the checkpoint `name`, trained from the checkpoint `start`."""
    before = read_front(start / CARD)
    licence = {key: value for key, value in before.items() if key.startswith("license")}
    story = [*before.get(STORY, []), _entry(name, start.name, learned)]
    head = {
        **(licence or {"license": UNKNOWN}),
        "base_model": before.get("base_model", UNKNOWN),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["meteor", "domain-expert", learned.phase],
        STORY: story,
    }
    _write(checkpoint, head, _body(name, head, story))


def read_front(card: Path) -> dict[str, Any]:
    """The YAML front matter of a card; empty where there is no card or no front matter."""
    if not card.is_file():
        return {}
    parts = card.read_text(encoding="utf-8", errors="replace").split("---\n", 2)
    if len(parts) < 3 or parts[0]:
        return {}
    try:
        front = yaml.safe_load(parts[1])
    except (yaml.YAMLError, ValueError, LookupError, AttributeError):  # also the month 13
        return {}
    return front if isinstance(front, dict) else {}


def _entry(name: str, start: str, learned: Learned) -> dict[str, Any]:
    losses = [round(loss, 4) for _, loss in learned.losses]
    return {
        "checkpoint": name,
        "from": start,
        "phase": learned.phase,
        "sha256": _hash(learned.data),
        "rows": learned.rows,
        "steps": len(losses),
        "loss": {"first": losses[0], "last": losses[-1]} if losses else None,
        "trainer": {"plugin": learned.trainer.name, "settings": _settings(learned.trainer)},
        "schedule": learned.schedule.model_dump(mode="json"),
        "seed": learned.seed,
        "gate": dict(learned.gate) if learned.gate else None,
    }


def _settings(trainer: Plugin) -> dict[str, Any]:
    settings: dict[str, Any] = trainer.params.on_this_machine().model_dump(mode="json")
    return settings


def _hash(rows: Sequence[Record]) -> str:
    """Of the rows as a file of JSON Lines would hold them."""
    lines = "".join(f"{row.model_dump_json()}\n" for row in rows)
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()


def _body(name: str, head: Mapping[str, Any], story: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"| {step['checkpoint']} | {step['from']} | {step['phase']} | {step['rows']} | "
        f"`{step['sha256'][:12]}` | {step['steps']} | {_loss(step['loss'])} |"
        for step in story
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"`{head['base_model']}`, made an expert of one domain by METEOR "
            "([arXiv 2411.11933](https://arxiv.org/abs/2411.11933)): learning from a teacher along "
            "its own guidelines, from an advisor, and from its own more expensive answers.",
            "",
            "## What it learned",
            "",
            "| checkpoint | from | phase | rows | data (SHA-256) | steps | loss, first to last |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "Trainer, settings, seed and whole hashes of each training stand in the front matter "
            f"of this file, under `{STORY}`.",
            "",
            "## Licences",
            "",
            f"The base model's: {head['license']}. The training data keeps its own, which its "
            "source tells; what a teacher wrote is also under the terms of whoever serves it.",
            "",
            "## Limits",
            "",
            LIMITS,
            "",
        ]
    )


def _loss(loss: Mapping[str, float] | None) -> str:
    return f"{loss['first']:g} to {loss['last']:g}" if loss else ""


def _write(checkpoint: Path, head: Mapping[str, Any], body: str) -> None:
    plain = json.loads(json.dumps(head, default=_plain))
    front = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    with replacing(checkpoint / CARD) as file:
        file.write(f"---\n{front}---\n\n{body}")


def _plain(value: Any) -> Any:
    """A number of numpy's, which a library or plugin may give, as Python's; else its text."""
    return value.item() if hasattr(value, "item") else str(value)
