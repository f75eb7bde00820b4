"""Arrays whose values carry rigorous bounds of their rounding errors."""
