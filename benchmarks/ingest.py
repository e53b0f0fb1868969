"""How fast ingest is, and what memory it takes, from the project's root:

    python -m benchmarks.ingest dump 2000       # a generated dump of so many MB
    python -m benchmarks.ingest table 1000000   # a generated table of so many rows, JSON Lines
    python -m benchmarks.ingest csv 1000000     # the same as separated values
    python -m benchmarks.ingest table 1000000 ../before   # beside the version in another worktree

The dump is like Stack Overflow's: two answers to a question, and one question in fifty has a tag
that is wanted. Beside it stands a plain `xml.etree.iterparse` over the same file, which keeps
nothing. Times and peak memory are those of processes of their own.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from inspect import signature
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

VOCABULARY = 20_000
HTML = "<p>{}</p>\n<pre><code>x = f(a)\nprint(x &lt; 2)\n</code></pre>\n<p>{}</p>"


def main() -> None:
    """Generate, measure, print; or, as a process of its own, do one of the measured things."""
    what, size, *others = sys.argv[1:]
    if what == "run":
        _report({"iterparse": iterparse, "load": load, "ingest": ingest}[size](Path(others[0])))
        return
    with tempfile.TemporaryDirectory(prefix="meteor-benchmark-") as folder:
        if what == "dump":
            file = Path(folder) / "Posts.xml"
            rows = write_dump(file, int(size) * 1_000_000)
            print(f"{file.stat().st_size / 1e9:.2f} GB, {rows} posts")
            _measure("iterparse", file, ".")
            for step in ("load", "ingest"):
                for root in (*others, "."):
                    _measure(step, file, root)
        else:
            file = Path(folder) / ("rows.csv" if what == "csv" else "rows.jsonl")
            (write_csv if what == "csv" else write_table)(file, int(size))
            print(f"{file.stat().st_size / 1e6:.0f} MB, {size} rows")
            for step in ("load", "ingest"):
                for root in (*others, "."):
                    _measure(step, file, root)


def write_dump(file: Path, size: int) -> int:
    """Write a dump of about `size` bytes and return its number of posts."""
    words = Words()
    number = 0
    with file.open("w", encoding="utf-8") as out:
        out.write('\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        while out.tell() < size:
            number += 1
            is_question = number % 3 == 1
            body = HTML.format(words.some(90), words.some(60))
            post = {
                "Id": number,
                "PostTypeId": 1 if is_question else 2,
                "CreationDate": "2020-01-01T00:00:00.000",
                "Score": number % 17,
                "Body": body,
                "OwnerUserId": number % 1000,
                "ContentLicense": "CC BY-SA 4.0",
            }
            if is_question:
                tag = "pytorch" if number // 3 % 50 == 0 else "java"
                post |= {"Title": words.some(9), "Tags": f"|{tag}|", "AnswerCount": 2}
            else:
                post["ParentId"] = number - (number - 1) % 3
            shown = " ".join(f"{key}={quoteattr(str(value))}" for key, value in post.items())
            out.write(f"  <row {shown} />\n")
        out.write("</posts>\n")
    return number


def write_table(file: Path, rows: int) -> None:
    """Write questions of 50 words with answers of 60; one in ten nearly repeats another."""
    words = Words()
    last = ""
    with file.open("w", encoding="utf-8") as out:
        for number in range(rows):
            body = f"{last} again" if number % 10 == 9 else words.some(42)
            last = body
            row: dict[str, Any] = {"id": number, "title": words.some(8), "question_content": body}
            row |= {"answer": words.some(60), "category": "ml", "score": number % 31}
            out.write(json.dumps(row) + "\n")


def write_csv(file: Path, rows: int) -> None:
    """Write the same as separated values."""
    lines = file.with_suffix(".jsonl")
    write_table(lines, rows)
    with lines.open(encoding="utf-8") as read, file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        for number, line in enumerate(read):
            row = json.loads(line)
            if number == 0:
                table.writerow(row)
            table.writerow(row.values())
    lines.unlink()


class Words:
    """Text without sense, the same each time."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.all = ["".join(self.random.choices(letters, k=6)) for _ in range(VOCABULARY)]

    def some(self, count: int) -> str:
        """So many words."""
        return " ".join(self.random.choices(self.all, k=count))


def _measure(step: str, file: Path, root: str) -> None:
    """Run a step of the version in `root`, and print what it took."""
    shutil.rmtree(file.parent / "out", ignore_errors=True)
    own = {"TMPDIR": str(file.parent), "PYTHONPATH": str(Path(root).resolve())}
    # This file, whichever version it measures, and not the modules beside it.
    command = [sys.executable, "-P", __file__, "run", step, str(file)]
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **own}, cwd=root, stdout=said, stderr=subprocess.STDOUT
        )
        _, _, used = os.wait4(process.pid, 0)
        said.seek(0)
        print(
            f"{step:10} {root}: {used.ru_utime + used.ru_stime:.1f} s of a core, "
            f"{used.ru_maxrss / 1024:.0f} MiB peak, {time.perf_counter() - begun:.0f} s; "
            + said.read().strip(),
            flush=True,
        )


def iterparse(file: Path) -> tuple[str, int]:
    """The least that anybody would write: read the posts, and forget them."""
    from xml.etree.ElementTree import iterparse

    posts = 0
    for _, element in iterparse(file, events=("end",)):
        if element.tag == "row":
            posts += element.get("PostTypeId") == "1"
            element.clear()
    return "questions read", posts


def load(file: Path) -> tuple[str, int]:
    """The source alone: of a dump it filters and joins."""
    if file.suffix != ".xml":
        from plugins.source import table

        return "questions read", sum(1 for _ in table.source_load(file, table.Table()))
    from plugins.source.stackexchange import StackExchange, source_load

    return "questions read, filtered, joined", sum(1 for _ in source_load(file, StackExchange()))


def ingest(file: Path) -> tuple[str, int]:
    """The whole stage."""
    from meteor.core.params import Params
    from meteor.running.stage import Stage
    from stages.ingest import ingest as stage

    raw = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    plugin = "stackexchange" if file.suffix == ".xml" else "table"
    raw["source"] = {"plugin": plugin, "path": str(file)}
    out = file.parent / "out"
    names = ("train", "dev", "test", "card", "lengths", "summary")
    context = Stage("ingest", Params.model_validate(raw))
    places = {name: out / name for name in names}
    if "sources" in signature(stage).parameters:  # as versions before took it
        places["sources"] = file
    stage(context, **places)
    rows = json.loads((out / "summary").read_text())["rows"]
    return f"questions: {rows}", int(rows["in"])


def _report(done: tuple[str, int]) -> None:
    print(f"{done[0]}, {done[1] / (time.perf_counter() - START):.0f} a second")


START = time.perf_counter()

if __name__ == "__main__":
    main()
