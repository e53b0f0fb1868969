"""A round of phase 2 whose student, advisor and trainer are fakes, run as dvc.yaml runs it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Question, Refinement
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES

PATHS = {
    "questions": "data/raw/train.jsonl",
    "distilled": "data/distilled/train.jsonl",
    "dev": "data/raw/dev.jsonl",
    "general": "data/general/texts.jsonl",
    "start": "models/sft",
    "name": "r1",
    "out": "data/iterative/r1.jsonl",
    "unsolved": "data/unsolved/r1.jsonl",
    "checkpoint": "models/r1",
    "losses": "metrics/training/r1.csv",
    "metrics": "metrics/gates/r1.json",
    "summary": "metrics/rows/iterate-r1.json",
}


class Round:
    """A project in which a scripted student and advisor are asked about seven questions."""

    def __init__(self, project: Project, calls: Path) -> None:
        self.project, self.folder, self.calls = project, project.folder, calls
        for role in ("student", "advisor", "sft"):
            project.plugin(role, "fake", SOURCES[role])
        project.set({f"{role}.plugin": "fake" for role in ("student", "advisor", "sft")})
        self.set(questions=None, max_iterations=3, finetune_interval=3, in_flight=2)
        self.questions = [
            Question(id=f"q{number}", title=f"What is {number}?", body=f"Tell me of {number}.")
            for number in range(7)
        ]
        write_records(self.folder / PATHS["questions"], self.questions)
        write_records(self.folder / PATHS["dev"], [])
        write_records(self.folder / PATHS["distilled"], [])
        for name in ("sft", "base"):
            (self.folder / "models" / name).mkdir(parents=True)
            (self.folder / "models" / name / "model.safetensors").write_bytes(name.encode())

    def set(self, **changes: Any) -> None:
        self.project.set({f"iterate.{key}": value for key, value in changes.items()})

    def run(self) -> "subprocess.CompletedProcess[str]":
        return fakes.stage(self.project, "iterate", **PATHS)

    def refine(self) -> dict[str, Refinement]:
        """Run the round, and return what it wrote by id, in its order."""
        done = self.run()
        assert done.returncode == 0, done.stderr
        return {row.id: row for row in read_records(self.folder / PATHS["out"], Refinement)}

    def asked(self) -> list[tuple[str, list[str]]]:
        """For each call of the student the checkpoint that wrote, and the ids."""
        return [
            (call["checkpoint"], [prompt["id"] for prompt in call["rows"]])
            for call in fakes.calls(self.calls, "student_generate")
        ]

    def learned(self) -> list[tuple[str, list[str]]]:
        """For each fine-tuning the checkpoint that it started from, and the ids."""
        return [
            (call["checkpoint"], [example["id"] for example in call["rows"]])
            for call in fakes.calls(self.calls, "sft_train")
        ]

    def learned_ids(self) -> list[str]:
        return [identifier for _, ids in self.learned() for identifier in ids]

    def summary(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.folder / PATHS["summary"]).read_text())
        return value
