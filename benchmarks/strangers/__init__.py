"""Hand-written backward passes in the styles of people who have never heard of gradproof, right and with mistakes."""
