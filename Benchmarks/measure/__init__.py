"""The parts of the benchmark; `run` in the folder above puts them together."""
