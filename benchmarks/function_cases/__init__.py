"""Functions with a backward of their own, right and wrong, and the rules by which they are accepted elsewhere."""
