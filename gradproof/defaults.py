"""What a check uses where nothing else is asked for; here so that a help text need not load torch."""

from __future__ import annotations

TRIALS = 10_000
"""What a small case gets; a large one gets as many as its share of work allows."""

SEED = 0
DTYPE = "float64"
DTYPES = ("float64", "float32")
SCALE = 1.0

MEMORY = 512 << 20
"""Bytes that the numbers of trials may take together."""

REPAIR_SECONDS = 8.0
"""How much work the search for one equation's fix may do, as an ordinary core does in so many seconds."""

AUDIT_TRIALS = 64
"""How many trials judge a note: a formula that agrees in all of them within rounding is right, or proved not to be."""

AUDIT_PROOF_SECONDS = 1.0
"""What all proofs of one note may take together."""
MUTATION_SECONDS = 170.0
"""Seconds for planted runs of a suite of tests."""
