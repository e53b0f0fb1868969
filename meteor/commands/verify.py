"""`meteor verify`: recompute the hashes behind a result, and say where the chain breaks."""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import PARAMS_FILE
from meteor.pipeline import LOCK, dvc_repo, read_lock, value_of, written_params


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor verify`."""
    parser.add_argument(
        "target",
        nargs="*",
        help="the path of an out, or a stage, as judge@t1; without: every stage",
    )


def run(arguments: argparse.Namespace) -> None:
    """Print each stage of the chain, then what differs; exit code 1 where something does."""
    chain = Chain(Path.cwd())
    for stage, links in chain.walk(arguments.target):
        print(f"{'DIFFERS' if links else 'ok':8} {stage}")
        for link in links:
            print(f"         {link}")
    size = chain.bytes / 1e9
    print(f"{len(chain.hashes)} files and folders with {size:.2f} GB were read and hashed anew.")
    if chain.broken:
        raise MeteorError(
            f"{chain.broken} links differ: `dvc checkout` brings back what dvc.lock records, "
            "`dvc repro` records what is here"
        )
    print("Every one is what dvc.lock records, from the raw data to the result.")


class Chain:
    """The stages of dvc.lock. Hashes are computed from the bytes on disk, never from DVC's memory
    of sizes and times, and each once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = read_lock(root / LOCK)
        if not self.stages:
            raise MeteorError(f"there is nothing to verify: {root / LOCK} records no stage")
        self.params = written_params(root / PARAMS_FILE)
        self.makers: dict[str, tuple[str, dict[str, Any]]] = {
            out["path"]: (name, out)
            for name, stage in self.stages.items()
            for out in stage.get("outs", [])
        }
        self.hashes: dict[str, str | None] = {}
        self.bytes = self.broken = 0

    def walk(self, targets: list[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield each stage behind the targets, from the first to the last, with what differs."""
        with dvc_repo(self.root) as repo:
            for name in self._behind(targets):
                links = [*self._files(name, repo), *self._settings(name)]
                self.broken += len(links)
                yield name, links

    def _behind(self, targets: list[str]) -> list[str]:
        found: dict[str, None] = {}

        def visit(name: str) -> None:
            if name not in found:
                for before in sorted(self._sources(name)):
                    visit(before)
                found[name] = None

        for target in targets or sorted(self.stages):
            visit(self._stage_of(target))
        return list(found)

    def _stage_of(self, target: str) -> str:
        if target in self.stages:
            return target
        path = target.rstrip("/")
        for out, (maker, _) in self.makers.items():
            if path == out or path.startswith(out + "/"):
                return maker
        raise SettingsError(f"{LOCK} knows neither a stage nor an out {target!r}")

    def _sources(self, name: str) -> set[str]:
        """The stages whose outs a stage reads: an out itself, one in a folder, or a folder of."""
        found = set()
        for dep in self.stages[name].get("deps", []):
            for out, (maker, _) in self.makers.items():
                path = dep["path"]
                if out == path or out.startswith(path + "/") or path.startswith(out + "/"):
                    found.add(maker)
        return found - {name}

    def _files(self, name: str, repo: Any) -> Iterator[str]:
        for kind in ("deps", "outs"):
            for entry in self.stages[name].get(kind, []):
                path, recorded = entry["path"], entry["md5"]
                made = self.makers.get(path) if kind == "deps" else None
                if made and made[1]["md5"] != recorded:
                    yield (
                        f"{path}: it read {recorded}, but {made[0]} has written {made[1]['md5']} "
                        "since"
                    )
                here = self._hash(path, repo)
                if here is None:
                    yield f"{path}: is not here (`dvc pull` or `dvc checkout` brings it)"
                elif here != recorded:
                    yield f"{path}: dvc.lock records {recorded}, here is {here}"

    def _settings(self, name: str) -> Iterator[str]:
        for file, settings in self.stages[name].get("params", {}).items():
            for key, recorded in settings.items():
                value = value_of(self.params, key)
                if value != recorded:
                    yield f"{file}: {key}: dvc.lock records {recorded!r}, here is {value!r}"

    def _hash(self, path: str, repo: Any) -> str | None:
        """The hash of a file or folder as DVC defines it; None where there is nothing."""
        if path not in self.hashes:
            full = self.root / path
            if full.is_dir():
                self.hashes[path] = self._folder(full, repo)
            else:
                self.hashes[path] = self._file(full) if full.is_file() else None
        return self.hashes[path]

    def _folder(self, folder: Path, repo: Any) -> str:
        files = sorted(Path(file) for file in repo.dvcignore.find(repo.fs, str(folder)))
        listed = [
            {"md5": self._file(file), "relpath": file.relative_to(folder).as_posix()}
            for file in files
        ]
        listed.sort(key=lambda entry: entry["relpath"])
        return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"

    def _file(self, file: Path) -> str:
        self.bytes += file.stat().st_size
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "md5").hexdigest()
