"""What one GPU makes of this project: `python -m benchmarks.gpu`."""
