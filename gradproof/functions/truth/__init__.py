"""What a function's outputs and gradients should be, and how far rounding may move them."""
