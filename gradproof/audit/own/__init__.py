"""A note as its own reference: what it defines is computed, and what it claims is judged by that."""
