"""The differential field that decides equality: algebraic relations among points, and the rules that give them."""
