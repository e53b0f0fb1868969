"""Where a file comes from, as dvc.lock tells: the stage that made it, and what of."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from meteor.core.errors import MeteorError
from meteor.core.yaml12 import parse_yaml

LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Locked:
    """A stage as it last ended well: its command's arguments, and the hashes (md5) of what it read
    and wrote, by path. `params` has dotted keys as in dvc.yaml.
    """

    name: str
    command: str
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, str]:
        """What follows each `--name` of the command."""
        pairs = pairwise(shlex.split(self.command))
        return {name[2:]: value for name, value in pairs if name.startswith("--")}


@dataclass(frozen=True)
class Lineage:
    """All stages that have ended, by name. Empty before the first."""

    stages: Mapping[str, Locked]

    def maker(self, path: str) -> Locked | None:
        """The stage that wrote a path; None where none has."""
        return next((stage for stage in self.stages.values() if path in stage.writes), None)

    def hash(self, path: str) -> str | None:
        """The hash of what was written to a path; None where nothing was."""
        maker = self.maker(path)
        return maker.writes[path] if maker else None

    def data(self, stage: Locked) -> dict[str, str]:
        """What a stage read, with the hashes: its data, which its command names or other stages
        wrote, and not its code.
        """
        named = stage.arguments.values()
        return {p: md5 for p, md5 in stage.reads.items() if p in named or self.maker(p)}

    def one(self, kind: str, **arguments: str) -> Locked | None:
        """The stage of a kind (`answer` of `answer@r1`) whose command has these arguments."""
        wanted = arguments.items()
        of_kind = (s for name, s in self.stages.items() if name.split("@")[0] == kind)
        return next((stage for stage in of_kind if wanted <= stage.arguments.items()), None)

    def param(self, key: str) -> Any:
        """A parameter as the last stage that read it had it; None where none did."""
        values = [stage.params[key] for stage in self.stages.values() if key in stage.params]
        return values[-1] if values else None


def read_lineage(file: Path = LOCK) -> Lineage:
    """Read dvc.lock. Raises MeteorError where it is there and cannot be read."""
    try:
        raw = parse_yaml(file.read_text(encoding="utf-8"))
        return Lineage({name: _locked(name, stage) for name, stage in raw["stages"].items()})
    except FileNotFoundError:
        return Lineage({})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise MeteorError(
            f"{file}: not a lock file of DVC ({type(error).__name__}); git checkout brings it back"
        ) from None


def _locked(name: str, raw: dict[str, Any]) -> Locked:
    return Locked(
        name=name,
        command=raw["cmd"],
        reads={row["path"]: row.get("md5", "") for row in raw.get("deps", [])},
        writes={row["path"]: row.get("md5", "") for row in raw.get("outs", [])},
        params={
            key: value for values in raw.get("params", {}).values() for key, value in values.items()
        },
    )
