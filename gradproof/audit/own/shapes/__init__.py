"""How many axes a note's quantities have, and how long these are."""
