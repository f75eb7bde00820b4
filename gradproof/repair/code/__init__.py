"""Edits of what no formula can say: loops, stores, branches and calls; a function's text in, its likely slips out."""
