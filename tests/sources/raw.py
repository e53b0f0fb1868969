"""What tests of raw data share: a row, and settings that read it."""

from typing import Any

import yaml

from tests.conftest import ROOT

ROW = {"title": "What is dropout?", "question_content": "I read about it."}
SETTINGS: dict[str, Any] = {
    **yaml.safe_load((ROOT / "params.yaml").read_text()),
    "max_failed_fraction": 0.0,
    "source": {"plugin": "meteor_json", "path": "data/sources"},
    "split": {"test": 0.2, "dev": 0.1, "salt": "a"},
}
