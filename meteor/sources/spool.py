"""Clean questions wait on disk until it is known which of them stay."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from meteor.core.jsonl import replacing
from meteor.core.records import Question
from meteor.core.sections import Duplicates
from meteor.sources.duplicates import REASONS, Census
from meteor.sources.sides import SPLITS


class Spool:
    """A temporary file of questions (below TMPDIR), and what the verdicts need to know of them."""

    def __init__(self, settings: Duplicates, split_of: Callable[[str], str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="meteor-")
        folder = Path(self._folder.name)
        self.file = folder / "questions.jsonl"
        self._out = self.file.open("w", encoding="utf-8", newline="\n")
        self.census = Census(folder, settings, split_of)

    def add(self, question: Question) -> None:
        """Append a question."""
        self.census.add(question)
        if question.split is not None:  # from here on the file says it
            question = question.model_copy(update={"split": None})
        self._out.write(question.model_dump_json() + "\n")

    def judged(self) -> Iterator[tuple[Question, str, str]]:
        """Every question with its split or, where it is left out, an empty one and the reason."""
        self._out.flush()
        self.verdicts = self.census.judge()
        with self.file.open(encoding="utf-8") as lines:
            for line, verdict in zip(lines, self.verdicts.tolist(), strict=True):
                question = Question.model_validate_json(line)
                if verdict < len(SPLITS):
                    yield question, SPLITS[verdict], ""
                else:
                    yield question, "", REASONS[verdict - len(SPLITS)]

    def write(self, outs: dict[str, Path]) -> None:
        """Write each question that was judged to stay to the file of its split, all or nothing."""
        with ExitStack() as stack, self.file.open(encoding="utf-8") as lines:
            files = [stack.enter_context(replacing(outs[name])) for name in SPLITS]
            for line, verdict in zip(lines, self.verdicts.tolist(), strict=True):
                if verdict < len(SPLITS):
                    files[verdict].write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._out.close()
        self.census.close()
        self._folder.cleanup()
