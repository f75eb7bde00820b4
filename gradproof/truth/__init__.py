"""Torch's side: a reference and a block of trials in; the true value of every quantity out."""
