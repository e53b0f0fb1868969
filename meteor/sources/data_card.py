"""The data card: what is in the data, where it comes from, and what was left out and why."""

import logging
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from meteor.core.jsonl import replacing
from meteor.core.records import Question
from meteor.core.settings import Settings
from meteor.core.tables import write_table
from meteor.sources.cleaning import BROKEN
from meteor.sources.sides import SPLITS

log = logging.getLogger("meteor")
PARTS = ("body", "answer", "category", "check")
FEW = 0.5
"""A share below it is told aloud: mostly a part has all of the questions, or none."""
EDGES = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Upper ends of the bins of the histogram, in words."""


@dataclass
class Card:
    """Counts of the questions that stay: by category and split, by site, by licence, by length."""

    plugin: str
    categories: dict[str, Counter[str]] = field(default_factory=dict)
    sites: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, Counter[int]] = field(
        default_factory=lambda: {"question": Counter(), "answer": Counter()}
    )
    masks: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)

    def add(self, question: Question, split: str) -> None:
        """Count a question."""
        self.categories.setdefault(question.category or "none", Counter())[split] += 1
        site = urlsplit(question.link).hostname if question.link else None
        self.sites[site or self.plugin] += 1
        self.licences[question.licence or "not told"] += 1
        texts = {"question": f"{question.title} {question.body}", "answer": question.answer or ""}
        for part, text in texts.items():
            if text:
                self.lengths[part][_bin(len(text.split()))] += 1
            if "[" in text:
                for mark in ("[e-mail address]", "[phone number]", "[secret key]", "[image"):
                    self.masks[mark.strip("[]")] += text.count(mark)
            if BROKEN in text:
                self.masks["broken character"] += text.count(BROKEN)
        self.parts["body"] += bool(question.body)
        self.parts["answer"] += question.answer is not None
        self.parts["category"] += bool(question.category)
        self.parts["check"] += question.check is not None

    @property
    def sizes(self) -> dict[str, int]:
        """Questions by split."""
        return {split: sum(of[split] for of in self.categories.values()) for split in SPLITS}

    def shares(self) -> dict[str, float]:
        """The share of the questions that have a body, an answer, a category, a check."""
        questions = max(sum(self.sizes.values()), 1)
        return {part: self.parts[part] / questions for part in PARTS}

    def tell(self, source: Settings) -> None:
        """Log the shares; warn of one that looks like a column that was read wrongly, but where the
        source's settings say that there is none (`body: null`).
        """
        shares = self.shares()
        told = ", ".join(f"{part} {share:.1%}" for part, share in shares.items())
        log.info("of the questions have: %s", told)
        for part, share in shares.items():
            none_is_due = getattr(source, part, part) is None
            if 0 < share < FEW or (share == 0 and part in ("body", "answer") and not none_is_due):
                log.warning(
                    "warning: %s of the questions have %s %s; if the data has more, look at the "
                    "columns that `source` names (`meteor look FILE`)",
                    *("none" if share == 0 else f"{share:.1%}", "an" if part == "answer" else "a"),
                    part,
                )

    def table(self) -> dict[str, dict[str, int]]:
        """Questions by category and split."""
        return {name: {s: of[s] for s in SPLITS} for name, of in self.categories.items()}

    def write(self, file: Path, rows: Mapping[str, int], left_out: Mapping[str, int]) -> None:
        """Write the card as Markdown."""
        shares = [
            (name, *(of[s] for s in SPLITS), f"{of['test'] / max(of.total(), 1):.1%}")
            for name, of in sorted(self.categories.items())
        ]
        total = self.sizes
        share = total["test"] / max(sum(total.values()), 1)
        shares.append(("all", *total.values(), f"{share:.1%}"))
        parts = [
            "# Data card\n\nWritten by the stage `ingest`.\n",
            f"{rows['in']} rows in = {rows['out']} out + {rows['rejected']} rejected + "
            f"{rows['failed']} failed.\n",
            _section(
                "What the questions have",
                ("part", "questions", "share"),
                [(part, self.parts[part], f"{share:.1%}") for part, share in self.shares().items()],
            ),
            _section("By category", ("category", *SPLITS, "share of test"), shares),
            _section("By source", ("source", "questions"), self.sites.most_common()),
            _section("By licence", ("licence", "questions"), self.licences.most_common()),
            _section("Left out", ("reason", "rows"), sorted(left_out.items())),
            _section("Marks in the texts", ("mark", "times"), sorted((+self.masks).items())),
            _section("Length in words", ("words", "questions", "answers"), self._histogram()),
        ]
        with replacing(file) as out:
            out.write("\n".join(part for part in parts if part))

    def write_lengths(self, file: Path) -> None:
        """Write the histogram for a plot: questions and answers by number of words."""
        rows = [
            (_words(b), part, counts[b])
            for part, counts in self.lengths.items()
            for b in self._bins()
        ]
        write_table(file, ("words", "part", "count"), rows)

    def _histogram(self) -> list[tuple[object, ...]]:
        return [(_words(b), *(counts[b] for counts in self.lengths.values())) for b in self._bins()]

    def _bins(self) -> range:
        used = [b for counts in self.lengths.values() for b in counts]
        return range(min(used, default=0), max(used, default=0) + 1)


def _bin(words: int) -> int:
    return bisect_left(EDGES, words)


def _words(index: int) -> str:
    if index == len(EDGES):
        return f"{EDGES[-1] + 1}+"
    return f"{EDGES[index - 1] + 1 if index else 1}-{EDGES[index]}"


def _section(title: str, header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    if not rows:
        return ""
    lines = [header, ("---",) * len(header), *rows]
    cells = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return f"## {title}\n\n{cells}\n"


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
