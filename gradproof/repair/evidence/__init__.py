"""True values of all quantities in trials: drawn for the search and to confirm, and the runs of candidates on them."""
