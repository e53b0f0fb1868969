"""Where batches run: in this process, or on the workers of a Ray cluster; no stage tracks it."""
