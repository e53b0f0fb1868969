"""How a stage runs: its contract, its observers, its locks; no stage tracks it."""
