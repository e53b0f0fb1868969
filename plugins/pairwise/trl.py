"""Learning from preferences with TRL: the paper's margin loss on the answers' mean
log-likelihood, SimPO, or DPO and its kin against the model that the training starts from.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Example, Pair
from meteor.core.settings import Field, Schedule, Settings
from meteor.models.encoding import cut_to_fit, encode_example, encode_fitting
from meteor.training import hf_trainer
from meteor.training.process import Job, Report, run_training, training_process
from meteor.training.settings import TrainerSettings

IN_TRL = {"dpo": "sigmoid", "ipo": "ipo", "hinge": "hinge"}
"""The losses that are TRL's own, by its names: they compare with the start."""


class Trl(TrainerSettings):
    """Pairwise training."""

    loss: Literal["margin", "simpo", "dpo", "ipo", "hinge"] = Field(
        "margin", description="margin as in the paper; all but margin and simpo look at the start"
    )
    margin: float = Field(0.5, ge=0, description="of `margin`: wanted lead, nats a token")
    anchor: float = Field(
        0.2, ge=0, description="of `margin`: weight of the chosen answer's own loss"
    )
    beta: float = Field(0.1, gt=0, description="of dpo, ipo, hinge: how close to stay to the start")
    simpo_beta: float = Field(2.0, gt=0, description="of `simpo`: scale of the lead")
    simpo_gamma: float = Field(1.0, ge=0, description="of `simpo`: wanted lead, once scaled")
    batch_size: int = Field(4, gt=0, description="pairs a device and forward pass")


@hookimpl
def plugin_params() -> type[Settings]:
    return Trl


@hookimpl
def pairwise_train(
    pairs: Sequence[Pair], start: Path, out: Path, schedule: Schedule, params: Trl, seed: int
) -> Mapping[str, Any]:
    resume = hf_trainer.resumes(params, len(pairs), schedule)
    return run_training(
        __name__, pairs, start, out, schedule, params, seed, resume=resume
    ).model_dump()


def answer_means(logits: Any, input_ids: Any, completion_mask: Any) -> Any:
    """Mean log-likelihood (nats a token) of each row's answer: prompt and padding are left out.

    Shapes: logits (rows, length, vocabulary), input_ids and completion_mask (rows, length);
    returns (rows,).
    """
    import torch

    mask = completion_mask[:, 1:].bool()
    targets = input_ids[:, 1:].masked_fill(~mask, -100)
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), targets, reduction="none", ignore_index=-100
    )
    return -losses.sum(dim=1) / mask.sum(dim=1)


def margin_loss(chosen: Any, rejected: Any, margin: float, anchor: float) -> Any:
    """The pairwise ranking loss of the paper's section 3.3 on mean log-likelihoods (pairs,), and
    the chosen answers' own loss as an anchor, which keeps the model from making both unlikely.
    """
    import torch

    return (torch.relu(margin - (chosen - rejected)) - anchor * chosen).mean()


def simpo_loss(chosen: Any, rejected: Any, beta: float, gamma: float) -> Any:
    """SimPO on mean log-likelihoods (pairs,), without a reference model (Meng et al. 2024,
    arXiv 2405.14734, equation 6).
    """
    import torch

    return -torch.nn.functional.logsigmoid(beta * (chosen - rejected) - gamma).mean()


def train(job: Job, params: Trl, pairs: list[Pair]) -> Report | None:
    """Runs in the training process."""
    from trl import DPOConfig, DPOTrainer

    params = hf_trainer.prepare(params)
    leads: list[float] = []

    class Tokenized(DPOTrainer):  # type: ignore[misc]
        """Takes the token ids as they are: TRL would add what the template writes after a turn."""

        _precompute_engine: Any

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return hf_trainer.by_length(self, params, lengths)

        def _precompute_ref_logps(self, *args: Any, **kwargs: Any) -> Any:
            dataset = super()._precompute_ref_logps(*args, **kwargs)
            if self._precompute_engine is not None:
                hf_trainer.end_engine(self._precompute_engine)
                self._precompute_engine = None
            return dataset

    class WithoutReference(Tokenized):
        """TRL's collator (chosen rows first, then rejected) under a loss on the answers' means."""

        def _precompute_ref_logps(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset  # there is no reference model

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            ids, answers = inputs["input_ids"], inputs["completion_mask"]
            begins = int(answers.argmax(dim=1).min()) - 1  # predicts the first token of an answer
            logits = model(
                input_ids=ids,
                attention_mask=inputs["attention_mask"],
                use_cache=False,
                logits_to_keep=ids.shape[1] - begins,
            ).logits
            means = answer_means(logits, ids[:, begins:], answers[:, begins:])
            chosen, rejected = means.chunk(2)
            leads.append(float((chosen - rejected).detach().mean()))
            if params.loss == "simpo":
                return simpo_loss(chosen, rejected, params.simpo_beta, params.simpo_gamma)
            return margin_loss(chosen, rejected, params.margin, params.anchor)

    config = DPOConfig(
        **hf_trainer.arguments(job, params, len(pairs)),
        loss_type=[IN_TRL.get(params.loss, "sigmoid")],
        beta=params.beta,
        precompute_ref_log_probs=True,
    )
    tokenizer, model = hf_trainer.load_start(job, params)
    rows, fitted = _rows(tokenizer, pairs, params)
    lengths = [len(r["prompt_ids"]) + max(map(len, _answers(r))) for r in rows]
    trainer = (Tokenized if params.loss in IN_TRL else WithoutReference)(
        model=model,
        args=config,
        train_dataset=_dataset(rows, job),
        processing_class=tokenizer,
        peft_config=hf_trainer.adapters(job, params),
    )
    each = [len(row["prompt_ids"]) + len(answer) for row in rows for answer in _answers(row)]
    report = hf_trainer.run(trainer, tokenizer, job, params, fitted, each)
    lead = {"first_lead": leads[0], "last_lead": leads[-1]} if leads else {}
    return report and report.model_copy(update={"extra": lead})


def _answers(row: dict[str, Any]) -> tuple[list[int], list[int]]:
    return row["chosen_ids"], row["rejected_ids"]


def _dataset(rows: list[dict[str, Any]], job: Job) -> Any:
    """The rows in a file, beside which TRL keeps the start's likelihoods for all processes."""
    from accelerate import PartialState
    from datasets import Dataset

    folder = job.checkpoint.parent / "pairs"
    with PartialState().main_process_first():
        if PartialState().is_main_process:
            Dataset.from_list(rows).save_to_disk(folder)
        return Dataset.load_from_disk(folder)


def _rows(tokenizer: Any, pairs: list[Pair], params: Trl) -> tuple[list[dict[str, Any]], Report]:
    """Token ids as TRL wants them, each within the window, and what became of the pairs."""
    rows, tokens, dropped, shortened, prompts = [], 0, 0, 0, 0
    for pair in pairs:
        row = _row(tokenizer, pair, params.max_length)
        if row is None and params.too_long == "fail":
            raise MeteorError(
                f"{pair.id}: prompt and answer need more than pairwise.trl.max_length "
                f"({params.max_length}) tokens; raise it, or set pairwise.trl.too_long to drop or "
                "cut"
            )
        if row is None and params.too_long == "cut":
            shorter = _cut(tokenizer, pair, params.max_length)
            row = _row(tokenizer, shorter, params.max_length) if shorter else None
            shortened += row is not None
        if row is None:
            dropped += 1
            continue
        prompts += row.pop("shortened")
        rows.append(row)
        tokens += len(row["chosen_ids"]) + len(row["rejected_ids"])
    if not rows:
        raise MeteorError(f"no row fits into pairwise.trl.max_length ({params.max_length}) tokens")
    counts = {"rows": len(rows), "dropped": dropped, "shortened": shortened, "tokens": tokens}
    return rows, Report(**counts, shortened_prompts=prompts, epochs=0, steps=(), seconds=0)


def _row(tokenizer: Any, pair: Pair, limit: int) -> dict[str, Any] | None:
    """The prompt is shortened for the longer of both answers, so that both follow the same one."""
    both = _examples(pair)
    encoded = [encode_example(tokenizer, example) for example in both]
    longer = max(zip(encoded, both, strict=True), key=lambda each: len(each[0].answer))[1]
    fitted = encode_fitting(tokenizer, longer, limit)
    if fitted is None:
        return None
    chosen, rejected = (each.answer for each in encoded)
    ids = {"prompt_ids": fitted.prompt, "chosen_ids": chosen, "rejected_ids": rejected}
    return {**ids, "shortened": fitted.shortened}


def _cut(tokenizer: Any, pair: Pair, limit: int) -> Pair | None:
    """The pair with both answers cut where they are too long; None where one cannot be, or where
    nothing is left to tell them apart.
    """
    texts = []
    for example in _examples(pair):
        whole = example
        if encode_fitting(tokenizer, whole, limit) is None:
            shorter = cut_to_fit(tokenizer, whole, limit)
            if shorter is None:
                return None
            whole = shorter
        texts.append(whole.answer)
    chosen, rejected = texts
    if chosen == rejected:
        return None
    return pair.model_copy(update={"chosen": chosen, "rejected": rejected})


def _examples(pair: Pair) -> tuple[Example, Example]:
    """The chosen and the rejected answer, each as an example; with their thoughts, where both have
    one, so that both follow the same prompt.
    """
    thoughts = pair.chosen_thought, pair.rejected_thought
    first, second = thoughts if all(thoughts) else (None, None)
    chosen = Example(id=pair.id, prompt=pair.prompt, answer=pair.chosen, thought=first)
    return chosen, chosen.model_copy(update={"answer": pair.rejected, "thought": second})


if __name__ == "__main__":
    training_process(train, Trl, Pair)
