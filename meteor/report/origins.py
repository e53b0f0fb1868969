"""Where what the page shows comes from: files with their hashes, the stages that made them, and
what of, as `dvc.lock` records it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from meteor.pipeline import Lineage, Locked
from meteor.report.gathering import Run

T = TypeVar("T")
SHORT = 12
"""Characters of a hash that are shown."""


@dataclass(frozen=True)
class File:
    """A file or folder; `hash` is empty where none is recorded, `href` where no row tells of it."""

    path: str
    hash: str
    href: str

    @property
    def anchor(self) -> str:
        """The id of the place that `href` leads to."""
        return self.href.removeprefix("#")


@dataclass(frozen=True)
class Made:
    """What a stage made, and the data that it read."""

    stage: str
    files: Sequence[File]
    inputs: Sequence[File]


@dataclass(frozen=True)
class Origin:
    """A checkpoint: its weights, the data that they come from, its answers and verdicts."""

    name: str
    weights: File | None
    stage: str
    inputs: Sequence[File]
    files: Sequence[File]


def stages(lineage: Lineage) -> list[Made]:
    """Everything that stages have made, in the order of the stages."""
    return [
        Made(stage.name, [_file(path, lineage) for path in stage.writes], _inputs(stage, lineage))
        for stage in lineage.stages.values()
    ]


def checkpoints(run: Run, lineage: Lineage) -> list[Origin]:
    """The line of every checkpoint, from its weights to the verdicts on its answers."""
    found = []
    for checkpoint in run.checkpoints:
        folders = (run.paths.answers, run.paths.judgements, run.paths.preferences)
        written = [str(folder / f"{checkpoint.name}.jsonl") for folder in folders]
        stage = lineage.maker(written[0])
        weights = stage.arguments.get("checkpoint") if stage else None
        maker = lineage.maker(weights) if weights else None
        found.append(
            Origin(
                name=checkpoint.name,
                weights=_file(weights, lineage) if weights else None,
                stage=maker.name if maker else "",
                inputs=_inputs(maker, lineage) if maker else (),
                files=[_file(path, lineage) for path in written],
            )
        )
    return found


def in_order(found: Mapping[str, T], folder: Path, lineage: Lineage) -> dict[str, T]:
    """What was read from the files of a folder, in the order of the stages that made them."""
    made = [out for stage in lineage.stages.values() for out in stage.writes]
    place = {Path(out).stem: n for n, out in enumerate(made) if Path(out).parent == folder}
    return dict(sorted(found.items(), key=lambda item: place.get(item[0], len(made))))


def link(path: str, lineage: Lineage) -> str:
    """To the place that tells of a file; for a folder, of the first file in it."""
    made = [out for stage in lineage.stages.values() for out in stage.writes]
    found = next((out for out in made if Path(out).is_relative_to(path)), None)
    return _href(found) if found else "#lineage"


def _inputs(stage: Locked, lineage: Lineage) -> list[File]:
    return [
        File(path, md5[:SHORT], _href(path) if lineage.maker(path) else "")
        for path, md5 in sorted(lineage.data(stage).items())
    ]


def _file(path: str, lineage: Lineage) -> File:
    md5 = lineage.hash(path)
    return File(path, (md5 or "")[:SHORT], _href(path) if md5 else "")


def _href(path: str) -> str:
    return f"#file:{path}"
