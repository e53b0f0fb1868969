"""FLOPs of a generation are those that one counts by hand."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from meteor.models.encoding import load_model
from meteor.models.flops import Shape, generation_flops, shape_of
from meteor.models.tiny import tiny_checkpoint

SHAPE = Shape(parameters=100, layers=2, width=3)


@pytest.mark.parametrize(
    ("prompt_tokens", "new_tokens", "beams", "expected"),
    [
        # A token costs 2 x 100 for the weights and 4 x 2 x 3 = 24 a position that it looks at.
        pytest.param(1, 1, 1, 200 + 24, id="one token is read, the answer comes with it"),
        pytest.param(4, 1, 1, 4 * 200 + 24 * (1 + 2 + 3 + 4), id="a prompt of four"),
        pytest.param(4, 3, 1, 6 * 200 + 24 * (1 + 2 + 3 + 4 + 5 + 6), id="and two more steps"),
        pytest.param(4, 3, 10, 10 * (6 * 200 + 24 * 21), id="in ten beams"),
        pytest.param(4, 0, 1, 4 * 200 + 24 * 10, id="nothing is written"),
    ],
)
def test_counted_by_hand(prompt_tokens: int, new_tokens: int, beams: int, expected: int) -> None:
    assert generation_flops(SHAPE, prompt_tokens, new_tokens, beams) == expected


def test_a_real_model_costs_about_two_flops_a_weight_and_token() -> None:
    """SmolLM2-135M: 30 layers, 576 wide; attention adds little to a short answer."""
    shape = Shape(parameters=134_515_008, layers=30, width=576)
    flops = generation_flops(shape, prompt_tokens=100, new_tokens=100)
    assert flops == 2 * 134_515_008 * 199 + 4 * 30 * 576 * (199 * 200 // 2)
    assert flops / (2 * 134_515_008 * 199) == pytest.approx(1.0257, abs=1e-4)


@pytest.mark.parametrize(
    "dearer",
    [
        generation_flops(SHAPE, 50, 20, beams=2),
        generation_flops(SHAPE, 50, 21),
        generation_flops(SHAPE, 51, 20),
        generation_flops(Shape(101, 2, 3), 50, 20),
        generation_flops(Shape(100, 3, 3), 50, 20),
        generation_flops(Shape(100, 2, 4), 50, 20),
    ],
    ids=["beams", "answer", "prompt", "weights", "layers", "width"],
)
def test_more_of_anything_costs_more(dearer: float) -> None:
    assert dearer > generation_flops(SHAPE, 50, 20)


def test_weights_of_4_bits_count_each(tmp_path: Path) -> None:
    """As bitsandbytes keeps them: two in a byte, and beside them the shape that they stand for."""
    import torch

    model = load_model(tiny_checkpoint(tmp_path), "float32", "cpu")
    whole = shape_of(model)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear) and layer is not model.lm_head:
            state = SimpleNamespace(shape=layer.weight.shape)
            packed = torch.zeros(layer.weight.numel() // 2, 1, dtype=torch.uint8)
            layer.weight = torch.nn.Parameter(packed, requires_grad=False)
            layer.weight.quant_state = state
    assert shape_of(model) == whole
