"""What tests of launchers share."""

from pathlib import Path

import pytest

from tests.training.finetuning import EXAMPLES, train
from tests.training.spread import Alone


@pytest.fixture(scope="package")
def alone(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """What one process learns, this one."""
    return train(tiny_checkpoint, tmp_path_factory.mktemp("alone"), EXAMPLES, epochs=2)
