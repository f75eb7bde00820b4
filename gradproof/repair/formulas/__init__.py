"""Formulas as trees: an equation's text in, a formula that can be edited, run and printed out."""
