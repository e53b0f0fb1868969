"""Tests of the parts that load, decode and train real models, on a tiny one."""
