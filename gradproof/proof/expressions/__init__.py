"""Exact expressions: NumPy code in, a graph of operations over the rational numbers out."""
