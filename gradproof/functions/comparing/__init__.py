"""Results beside their truth: what each comparison of a call finds."""
