"""Learning from preferences with TRL: the paper's margin loss on the answers' mean
log-likelihood, SimPO, DPO and its kin against the model that the training starts from, or the
chosen answers alone, which any preference has to beat.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.importing import preload
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

    loss: Literal["margin", "simpo", "dpo", "ipo", "hinge", "sft"] = Field(
        "margin",
        description="margin as in the paper; dpo, ipo and hinge look at the start; sft learns the "
        "chosen answers and looks at no rejected one",
    )
    weight: Literal["none", "agreement"] = Field(
        "none",
        description="of a pair's loss: all the same, or by the share of samples that agree with "
        "the chosen answer, 1 in the mean; of margin, simpo and sft",
    )
    margin: float = Field(0.5, ge=0, description="of `margin`: wanted lead, nats a token")
    anchor: float = Field(
        0.2, ge=0, description="of `margin`: weight of the chosen answer's own loss"
    )
    beta: float = Field(0.1, gt=0, description="of dpo, ipo, hinge: how close to stay to the start")
    simpo_beta: float = Field(2.0, gt=0, description="of `simpo`: scale of the lead")
    simpo_gamma: float = Field(1.0, ge=0, description="of `simpo`: wanted lead, once scaled")
    batch_size: int = Field(4, gt=0, description="pairs a device and forward pass")

    @model_validator(mode="after")
    def _weighs(self) -> Self:
        if self.weight != "none" and self.loss in IN_TRL:
            raise ValueError(f"weight: the loss {self.loss} takes none; margin, simpo and sft do")
        return self


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


def margin_loss(
    chosen: Any, rejected: Any, margin: float, anchor: float, weights: Any = 1.0
) -> Any:
    """The pairwise ranking loss of the paper's section 3.3 on mean log-likelihoods (pairs,), and
    the chosen answers' own loss as an anchor, which keeps the model from making both unlikely.
    """
    import torch

    return (weights * (torch.relu(margin - (chosen - rejected)) - anchor * chosen)).mean()


def simpo_loss(chosen: Any, rejected: Any, beta: float, gamma: float, weights: Any = 1.0) -> Any:
    """SimPO on mean log-likelihoods (pairs,), without a reference model (Meng et al. 2024,
    arXiv 2405.14734, equation 6).
    """
    import torch

    return -(weights * torch.nn.functional.logsigmoid(beta * (chosen - rejected) - gamma)).mean()


def train(job: Job, params: Trl, pairs: list[Pair]) -> Report | None:
    """Runs in the training process."""
    preload("transformers.modeling_layers", "trl.trainer.dpo_trainer")
    import torch
    from trl import DPOConfig, DPOTrainer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

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

    class Weighing(DataCollatorForPreference):  # type: ignore[misc]
        """TRL's collator, which would leave the weights out."""

        def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
            weights = torch.tensor([example["weight"] for example in examples])
            return {**super().torch_call(examples), "weight": weights}

    class WithoutReference(Tokenized):
        """TRL's collator (chosen rows first, then rejected) under a loss on the answers' means."""

        def _precompute_ref_logps(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset  # there is no reference model

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            weights, pairs = inputs["weight"], len(inputs["weight"])
            rows = slice(0, pairs if params.loss == "sft" else 2 * pairs)
            ids, answers = inputs["input_ids"][rows], inputs["completion_mask"][rows]
            begins = int(answers.argmax(dim=1).min()) - 1  # predicts the first token of an answer
            logits = model(
                input_ids=ids,
                attention_mask=inputs["attention_mask"][rows],
                use_cache=False,
                logits_to_keep=ids.shape[1] - begins,
            ).logits
            means = answer_means(logits, ids[:, begins:], answers[:, begins:])
            if params.loss == "sft":
                return -(weights * means).mean()
            chosen, rejected = means.chunk(2)
            leads.append(float((chosen - rejected).detach().mean()))
            if params.loss == "simpo":
                return simpo_loss(chosen, rejected, params.simpo_beta, params.simpo_gamma, weights)
            return margin_loss(chosen, rejected, params.margin, params.anchor, weights)

    config = DPOConfig(
        **hf_trainer.arguments(job, params, len(pairs)),
        loss_type=[IN_TRL.get(params.loss, "sigmoid")],
        beta=params.beta,
        precompute_ref_log_probs=True,
        remove_unused_columns=False,  # or the weights are
    )
    tokenizer, model = hf_trainer.load_start(job, params)
    rows, fitted = _rows(tokenizer, pairs, params)
    own = params.loss not in IN_TRL
    collator = Weighing(pad_token_id=tokenizer.pad_token_id) if own else None
    lengths = [len(r["prompt_ids"]) + max(map(len, _answers(r, params))) for r in rows]
    trainer = (WithoutReference if own else Tokenized)(
        model=model,
        args=config,
        train_dataset=_dataset(rows, job),
        processing_class=tokenizer,
        data_collator=collator,
        peft_config=hf_trainer.adapters(job, params),
    )
    each = [len(r["prompt_ids"]) + len(one) for r in rows for one in _answers(r, params)]
    report = hf_trainer.run(trainer, tokenizer, job, params, fitted, each)
    lead = {"first_lead": leads[0], "last_lead": leads[-1]} if leads else {}
    return report and report.model_copy(update={"extra": lead})


def _answers(row: dict[str, Any], params: Trl) -> list[list[int]]:
    """The answers that the loss looks at."""
    return [row["chosen_ids"], *([] if params.loss == "sft" else [row["rejected_ids"]])]


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
    if params.loss not in ("margin", "sft") and any(row.chosen == row.rejected for row in pairs):
        raise MeteorError(
            f"pairwise.trl.loss: {params.loss} learns nothing from two equal answers; take margin "
            "or sft, or leave such pairs out (pairs.same: drop, selftrain.replay: 0)"
        )
    weights = _weights(pairs, params)
    for pair, weight in zip(pairs, weights, strict=True):
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
        rows.append({**row, "weight": weight})
        tokens += sum(map(len, _answers(row, params)))
    if not rows:
        raise MeteorError(f"no row fits into pairwise.trl.max_length ({params.max_length}) tokens")
    counts = {"rows": len(rows), "dropped": dropped, "shortened": shortened, "tokens": tokens}
    return rows, Report(**counts, shortened_prompts=prompts, epochs=0, steps=(), seconds=0)


def _weights(pairs: list[Pair], params: Trl) -> list[float]:
    """What each pair's loss counts, 1 in the mean, so that the learning rate keeps its meaning."""
    if params.weight == "none":
        return [1.0] * len(pairs)
    known = [pair.agreement for pair in pairs if pair.agreement is not None]
    if len(known) < len(pairs) or not sum(known):
        raise MeteorError(
            "pairwise.trl.weight: agreement: nobody voted for the pairs' chosen answers; set "
            "pairs.chosen to {strategy: mbr, agreement: result}, or weight to none"
        )
    return [share * len(known) / sum(known) for share in known]


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
    nothing is left to tell apart what differed.
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
    if chosen == rejected and pair.chosen != pair.rejected:
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
