"""Proof that two NumPy computations are the same function, for all inputs."""
