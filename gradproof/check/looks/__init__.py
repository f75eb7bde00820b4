"""Few trials looked at again: what the run from the leaves leaves open, and the worst entries."""
