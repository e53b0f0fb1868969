"""Does a checkpoint revise along advice? `python -m benchmarks.revising v1 120`.

In a project with an advisor: a checkpoint answers so many of the training questions that no phase 1
taught it, and revises what the advisor finds wrong, twice at most. Prints how many are right at
once and after each revision, and how many texts came back unchanged; nothing is trained or kept.
"""

import sys
from pathlib import Path

from meteor.core.choice import choose
from meteor.core.jsonl import read_records
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.core.roles import load_role
from meteor.models.history import read_history
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.training.refining import Refining, Words

ATTEMPTS = 3
SALT = "lab"
"""Of the questions that are drawn, the same for every checkpoint."""


def main(name: str, number: int) -> None:
    """Print the line of the checkpoint `models/<name>`."""
    params, weights = load_params(), Path("models") / name
    every = read_records(Path("data/raw/train.jsonl"), Question)
    rows = choose(read_history(weights).among("untaught", every), number, SALT)
    words = Words(wording.answer(params.domain), wording.revision(params.domain))
    settings = params.iterate.model_copy(update={"drafts": 1, "max_iterations": ATTEMPTS})
    student, advisor = load_role("student", params), load_role("advisor", params)
    count = Tally("revising", 0.0, len(rows))
    refining = Refining(rows, student, advisor, settings, words, params.seed, count)
    done = refining.run(weights, 0)
    right = [
        sum(row.accepted and len(row.attempts) == n + 1 for row in done) for n in range(ATTEMPTS)
    ]
    tried = [row.attempts for row in done if len(row.attempts) > 1]
    same = sum(attempts[0].text == attempts[1].text for attempts in tried)
    print(
        f"{name}, {len(done)} questions: {right[0]} right at once, {right[1]} of {len(tried)} by "
        f"the first revision, {right[2]} by the second; {same} came back unchanged"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
