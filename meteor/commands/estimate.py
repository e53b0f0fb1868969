"""`meteor estimate`: calls, tokens, cost and time of each stage before anything is paid, and
what the checkpoints take.

What the ledger has is free. Prompts are counted with the tokenizer that the plugin's settings
name, else as earlier calls to the model show, else at four bytes a token; answers as earlier ones
of the same stage and model, else `typical_tokens`, else half of the most that they may have. The
hidden thoughts of a reasoning model are billed as its answer is and are hard to foresee, so the
cost is a range: up to where every answer is as long as it may be, or as earlier ones vary.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from meteor.chat.asking import Request
from meteor.chat.replies import no_answer
from meteor.chat.settings import ChatSettings
from meteor.core.errors import MeteorError
from meteor.core.params import Params, load_params
from meteor.pipeline import arguments_of, written_stage
from meteor.planning.plan import BYTES_PER_TOKEN, Plan
from meteor.planning.stages import plans
from meteor.transport.ledger import Habit, Ledger

SECONDS = 5.0
"""Of a call to a model that was never called."""
ENOUGH = 20
"""Calls of a stage after which their spread is believed."""
TURN = 4
"""Tokens that a chat template adds for each message."""


@dataclass(frozen=True)
class Line:
    """What one stage would do; `cost` is None where the price is not known, `most` is the upper
    end of its range.
    """

    stage: str
    model: str
    reused: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    most: float | None
    seconds: float
    assumed: str


def estimate(params: Params) -> list[Line]:
    """One line for each stage and role that asks an endpoint."""
    with Ledger() as ledger:
        return [_line(plan, params, ledger) for plan in plans(params)]


def _line(plan: Plan, params: Params, ledger: Ledger) -> Line:
    settings = plan.settings
    assert settings
    missing = [r for r in plan.requests if not _known(ledger, r, settings.base_url)]
    habit = ledger.habit(settings.model, plan.stage)
    count = counter(settings, habit)
    calls = len(missing) * plan.times
    prompt = round(sum(count(request) for request in missing) * plan.times)
    answer, longest = _answer(plan, settings, habit, calls)
    completion = round(calls * answer)
    price = params.api.prices.get(settings.model)
    cost = most = None
    if price:
        factor = (price.batch if settings.mode == "batch" else 1.0) / 1e6
        cost = (prompt * price.input + completion * price.output) * factor
        most = (prompt * price.input + calls * longest * price.output) * factor
    return Line(
        stage=plan.stage,
        model=settings.model,
        reused=len(plan.requests) - len(missing),
        calls=calls,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=cost,
        most=most,
        seconds=_seconds(params, habit, calls, prompt + completion),
        assumed=plan.assumed,
    )


def _known(ledger: Ledger, request: Request, endpoint: str) -> bool:
    reply = ledger.get(request.key(endpoint))
    return reply is not None and no_answer(reply, request.may_be_empty) is None


def _answer(
    plan: Plan, settings: ChatSettings, habit: Habit | None, calls: int
) -> tuple[float, float]:
    """Tokens of an answer as they are expected, and the upper end of their mean's range."""
    longest = float(plan.requests[0].max_tokens)
    if habit is None:
        return float(settings.typical_tokens or longest / 2), longest
    mean = habit.completion_tokens
    if not habit.own or habit.calls < ENOUGH:
        return mean, max(mean, longest)
    return mean, mean + 2 * habit.spread * sqrt(1 / habit.calls + 1 / max(calls, 1))


def _seconds(params: Params, habit: Habit | None, calls: int, tokens: int) -> float:
    api = params.api
    latency = habit.seconds if habit and habit.seconds else SECONDS
    waits = [ceil(calls / api.concurrency) * latency]
    if api.requests_per_minute:
        waits.append(calls / api.requests_per_minute * 60)
    if api.tokens_per_minute:
        waits.append(tokens / api.tokens_per_minute * 60)
    return max(waits)


def counter(settings: ChatSettings, habit: Habit | None) -> Callable[[Request], float]:
    """How the tokens of a prompt are counted."""
    if settings.tokenizer:
        tokenizer = _tokenizer(settings.tokenizer)
        return lambda request: sum(
            len(tokenizer.encode(text, add_special_tokens=False)) + TURN
            for _, text in request.messages
        )
    rate = habit.tokens_per_byte if habit else 1 / BYTES_PER_TOKEN
    return lambda request: request.prompt_bytes * rate


@cache
def _tokenizer(name: str) -> Any:
    """What encodes a text: of a local folder its file alone, which spares seconds of imports."""
    file = Path(name, "tokenizer.json")
    try:
        if file.is_file():
            from tokenizers import Tokenizer

            return Tokenizer.from_file(str(file))
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(name)
    except Exception as error:  # tokenizers raises nothing narrower
        raise MeteorError(f"the tokenizer {name!r} cannot be loaded: {error}") from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor estimate`: it has no arguments."""


def _print_storage(params: Params) -> None:
    """What the checkpoints take, where the base model is here to tell."""
    from meteor.commands.ask import checkpoint_folder
    from meteor.planning.storage import coming, said

    try:
        base = checkpoint_folder("base", params)
    except MeteorError:
        print("What the checkpoints take is known once the base model is here: `dvc repro base`.")
    else:
        print(f"{said(coming(params, base))}.")


def _print_unknown() -> None:
    """That nothing is known of the user's questions, where they are not here yet."""
    if not Path(arguments_of(written_stage("ingest")["cmd"])["train"]).exists():
        print("What is asked about your questions is known once they are here: `dvc repro ingest`.")


def run(arguments: argparse.Namespace) -> None:
    """Print the estimate as a table with a sum."""
    params = load_params()
    lines = estimate(params)
    _print_storage(params)
    _print_unknown()
    if not lines:
        print("As far as is known, no stage asks an endpoint.")
        return
    print(
        f"{'stage':16} {'model':24} {'in ledger':>9} {'calls':>7} {'prompt':>10} "
        f"{'answer':>10} {'cost':>10} {'at most':>10} {'minutes':>8}"
    )
    for line in lines:
        cost, most = (
            "unknown" if amount is None else f"{amount:.4f}" for amount in (line.cost, line.most)
        )
        print(
            f"{line.stage:16} {line.model:24.24} {line.reused:9} {line.calls:7} "
            f"{line.prompt_tokens:10} {line.completion_tokens:10} {cost:>10} {most:>10} "
            f"{line.seconds / 60:8.1f}"
            + (f"  at most, {line.assumed} assumed" if line.assumed else "")
        )
    known = [line.cost for line in lines if line.cost is not None]
    upper = sum(line.most for line in lines if line.most is not None)
    unknown = " + unknown" if len(known) < len(lines) else ""
    print(
        f"{'sum':16} {'':24} {sum(line.reused for line in lines):9} "
        f"{sum(line.calls for line in lines):7} {sum(line.prompt_tokens for line in lines):10} "
        f"{sum(line.completion_tokens for line in lines):10} {sum(known):10.4f} {upper:10.4f}"
        f"{unknown}"
    )
    for model in sorted({line.model for line in lines}):
        price = params.api.prices.get(model)
        print(
            f"{model}: "
            + (
                f"{price.input:g} and {price.output:g} a million tokens ({price.date})"
                if price
                else "no price in params.yaml (api.prices)"
            )
        )
