"""A source that reads JSON Lines: one question a line, with `id`, `title` and what else it has."""

import json
from collections.abc import Iterator
from pathlib import Path

from meteor.plugin import Failed, Field, Question, Settings, hookimpl


class JsonLines(Settings):
    """Where the fields stand."""

    title: str = Field("title", description="field with the title")
    body: str = Field("body", description="field with the rest of the question; may be absent")
    answer: str = Field("answer", description="field with the accepted answer; may be absent")


@hookimpl
def source_load(path: Path, params: JsonLines) -> Iterator[Question | Failed]:
    for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = json.loads(line)
                    yield Question(
                        id=str(row["id"]),
                        title=row[params.title],
                        body=row.get(params.body) or "",
                        category=file.stem,
                        answer=row.get(params.answer) or None,
                    )
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    where = f"{file.name}:{number}"
                    yield Failed(id=where, error=f"{where}: {type(error).__name__}: {error}")
