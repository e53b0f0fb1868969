"""Training as trainer plugins do it: processes, states to go on from, guards, checkpoints."""
