"""Questions to the sample database that nobody wrote: training ones for other names and numbers.

Their queries go along, to count right answers with; a training that looks at no `check` learns
nothing from them. None is among the questions of any split, and each has an answer.
"""

import random
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from meteor.core.records import Question

NAMES = (
    "select name from huts",
    "select name from regions",
    "select name from peaks",
    "select name from trails",
    "select name from wardens",
    "select distinct name from dishes",
    "select distinct guest from stays",
    "select distinct town from wardens",
)
NUMBER = r"(?<![\w.])\d{2,4}(?![\w.])"


def fresh_questions(
    training: Sequence[Question], known: Sequence[Question], database: Path, count: int, seed: int
) -> list[Question]:
    """`count` of them, or fewer where no other are found in 60 tries for each; `known` are the
    questions of the other splits.
    """
    rng, made = random.Random(seed), list[Question]()
    seen = {_bare(row.title) for row in (*training, *known)}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        kinds = [[name for (name,) in connection.execute(query)] for query in NAMES]
        for title, query in _drawn(training, kinds, rng, 60 * count):
            if _bare(title) in seen or not connection.execute(query).fetchall():
                continue
            seen.add(_bare(title))
            name = f"fresh-{len(made):04}"
            made.append(Question(id=name, title=title, answer=query, check=query))
            if len(made) == count:
                break
    return made


def _drawn(
    training: Sequence[Question], kinds: list[list[str]], rng: random.Random, tries: int
) -> Iterator[tuple[str, str]]:
    kind_of = {name: kind for kind in kinds for name in kind}
    names = re.compile("|".join(map(re.escape, sorted(kind_of, key=len, reverse=True))))
    for _ in range(tries):
        row, others = rng.choice(training), dict[str, str]()
        for name in dict.fromkeys(names.findall(row.title)):
            free = [each for each in kind_of[name] if each not in (*others.values(), name)]
            others[name] = rng.choice(free)
        texts = [
            names.sub(lambda found: others.get(found[0], found[0]), text)  # noqa: B023
            for text in (row.title, str(row.check))
        ]
        for number in sorted(set(re.findall(NUMBER, texts[0])) & set(re.findall(NUMBER, texts[1]))):
            exact = number.join((r"(?<![\w.])", r"(?![\w.])"))
            texts = [re.sub(exact, _near(int(number), rng), text) for text in texts]
        yield texts[0], texts[1]


def _near(number: int, rng: random.Random) -> str:
    """Another number of the size: a year stays one of its time."""
    step = rng.choice((1, 2, 3, 5)) if 1700 < number < 2050 else max(1, number // 10)
    return str(number + rng.choice((-1, 1)) * step)


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
