"""How fast the chat client is: `python -m benchmarks.chat_api` from the project's root.

Rates and ratios of one run on one machine, with a server in another process: concurrent requests
beside the ideal and beside a plain sequential loop, rows that the ledger has, and the memory that
100,000 rows take.
"""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.endpoint import between, endpoint

LATENCY, CONCURRENCY, REQUESTS = 0.2, 64, 1000
ANSWER = "An answer of some length, as a teacher writes it. " * 20


def answer(body: bytes) -> str:
    """The same answer to everything."""
    return ANSWER


def main() -> None:
    """Run all measurements and print them."""
    os.environ["METEOR_LEDGER"] = str(Path(tempfile.mkdtemp()) / "ledger.sqlite")
    os.environ["METEOR_RUN"] = "benchmark"
    with endpoint(answer, LATENCY) as url:
        concurrent(url)
        sequential(url)
        from_the_ledger(url, REQUESTS * 10)
        memory(url)


def concurrent(url: str) -> None:
    """1,000 requests, 64 in flight."""
    start = time.monotonic()
    assert ask(url, REQUESTS, "first") == REQUESTS
    whole = time.monotonic() - start
    seconds = between(url)
    ideal = REQUESTS / CONCURRENCY * LATENCY
    print(
        f"{REQUESTS} requests, {LATENCY * 1000:.0f} ms, {CONCURRENCY} in flight: {seconds:.2f} s "
        f"from the first request to the last reply, {ideal / seconds:.0%} of the ideal rate "
        f"({ideal:.2f} s); {whole:.2f} s with the start of the recorder"
    )


def sequential(url: str) -> None:
    """A plain loop over the package openai, for as long as it takes to see its rate."""
    import openai

    client = openai.OpenAI(base_url=url, api_key="none")
    start = time.monotonic()
    for number in range(25):
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": f"What is {number}?"}]
        )
    rate = 25 / (time.monotonic() - start)
    between(url)
    print(f"a plain sequential loop: {rate:.2f} requests/s, {REQUESTS / rate:.0f} s for as many")


def from_the_ledger(url: str, count: int) -> None:
    """Rows that were answered before."""
    fill(url, count, "old")
    start = time.monotonic()
    assert ask(url, count, "old") == count
    print(f"{count} rows in the ledger: served in {time.monotonic() - start:.2f} s")


def memory(url: str) -> None:
    """What the process takes at most, after 10,000 rows and after 100,000."""
    fill(url, 100_000, "many")
    ask(url, 10_000, "many")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert ask(url, 100_000, "many") == 100_000
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most: {before:.0f} MB after 10,000 rows, {after:.0f} MB after 100,000")


def ask(url: str, count: int, word: str) -> int:
    """Ask for that many rows and count the answers."""
    from meteor.chat.settings import ChatSettings
    from meteor.core.records import Completion
    from meteor.core.settings import Api
    from meteor.transport.session import converse

    settings = ChatSettings(base_url=url, model="m")
    rows = converse(settings, conversations(count, word), Api(concurrency=CONCURRENCY))
    return sum(isinstance(row, Completion) for row in rows)


def conversations(count: int, word: str) -> Iterator[Any]:
    """Rows with prompts of a usual size, made as they are asked for."""
    from meteor.chat.asking import Request, Writing

    for number in range(count):
        text = f"{word} {number}: " + "What is this, and why? " * 20
        yield Writing(f"q{number}", Request("m", (("user", text),), 300), "fail")


def fill(url: str, count: int, word: str) -> None:
    """Put the replies to rows into the ledger."""
    from meteor.chat.replies import Reply
    from meteor.transport.ledger import Ledger

    reply = Reply(ANSWER, "stop", 100, 200, 500, 0.2)
    with Ledger() as ledger:
        ledger.db.execute("PRAGMA synchronous = OFF")
        for row in conversations(count, word):
            ledger.put(row.request.key(url), reply, stage="b", run="b", endpoint=url, model="m")


if __name__ == "__main__":
    main()
