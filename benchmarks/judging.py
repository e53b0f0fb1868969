"""How fast a new judge is: `python -m benchmarks.judging` from the project's root.

Four checkpoints and base answer 100 questions; a judge at an endpoint with 200 ms latency scores
and compares all of them, 32 requests in flight, stage after stage as `dvc repro` does. The server
runs in another process and answers as asked.
"""

import json
import math
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.endpoint import between, endpoint

LATENCY, CONCURRENCY, QUESTIONS = 0.2, 32, 100
MODELS = {"sft": "base", "r1": "sft", "r2": "r1", "t1": "r2"}


def verdict(body: bytes) -> str:
    """Of a judge that prefers the first answer and scores 7."""
    asked = json.loads(body)["messages"][0]["content"]
    ticket = re.findall(r'"ticket": "(\w+)"', asked)[-1]
    names = re.findall(r'"(\w+)": {"reason"', asked)
    value: dict[str, Any] = {"better": "first"} if '"better"' in asked else {"score": 7}
    return json.dumps({"ticket": ticket, **{key: {"reason": "So.", **value} for key in names}})


def main() -> None:
    """Judge everything and print the time beside the ideal."""
    os.environ["METEOR_LEDGER"] = str(Path(tempfile.mkdtemp()) / "ledger.sqlite")
    os.environ["METEOR_RUN"] = "benchmark"
    with endpoint(verdict, LATENCY) as url:
        settle(url)
        load()
        sessions, start = [], time.monotonic()
        for model, before in MODELS.items():
            sessions += judge(model, before)
        whole, seconds = time.monotonic() - start, between(url)
    asked = sum(sessions)
    ideal = asked / CONCURRENCY * LATENCY
    waves = sum(math.ceil(requests / CONCURRENCY) for requests in sessions) * LATENCY
    print(
        f"{len(MODELS)} models, {QUESTIONS} questions, {asked} requests, {CONCURRENCY} in flight, "
        f"{LATENCY * 1000:.0f} ms: {seconds:.2f} s from the first request to the last reply, "
        f"{seconds / ideal - 1:.0%} above the ideal {ideal:.2f} s, {seconds / waves - 1:.0%} above "
        f"the {waves:.1f} s of whole waves; {whole:.2f} s with the start of the recorder"
    )


def settle(url: str) -> None:
    """Go to a project of its own, with this one's plugins and the judge at `url`."""
    import yaml

    params = yaml.safe_load(Path("params.yaml").read_text())
    params["judge"] = {"plugin": "chat_api", "chat_api": {"base_url": url, "model": "judge"}}
    params["api"]["concurrency"] = CONCURRENCY
    folder = Path(tempfile.mkdtemp())
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "plugins").symlink_to(Path("plugins").resolve())
    os.chdir(folder)


def load() -> None:
    """Load what a stage loads before it judges: the program, the settings and the plugin."""
    import meteor.evaluation.comparing
    from meteor.core.params import load_params
    from meteor.core.roles import load_role

    assert meteor.evaluation.comparing and load_role("judge", load_params())


def judge(model: str, before: str) -> list[int]:
    """Score one checkpoint's answers, and compare them with base's and the ones before: how many
    requests each of both took.
    """
    from meteor.core.judgements import Judgement, Preference
    from meteor.core.params import load_params
    from meteor.core.records import Answer, Question
    from meteor.core.roles import load_role
    from meteor.evaluation.comparing import Match, prefer

    plugin = load_role("judge", load_params())
    questions = [Question(id=f"q{n}", title=f"What is {n}?") for n in range(QUESTIONS)]
    answers = [
        Answer(
            id=question.id,
            question=question,
            text=f"{model} says {question.id}.",
            finish_reason="stop",
            tokens=5,
            flops=None,
        )
        for question in questions
    ]
    matches = [
        Match(row.question, rival, row.text, f"{rival} says {row.id}.")
        for rival in dict.fromkeys(("base", before))
        for row in answers
    ]
    scored = [row for _, row in plugin.rows("judge_score", answers, Judgement, answers=answers)]
    preferred = [row for _, row in prefer(plugin, matches)]
    assert all(isinstance(row, Judgement) for row in scored)
    assert all(isinstance(row, Preference) for row in preferred)
    return [len(scored), 2 * len(preferred)]


if __name__ == "__main__":
    main()
