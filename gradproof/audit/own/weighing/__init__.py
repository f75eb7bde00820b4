"""What may be said against an accusation, and what stands beside it in words or in another case."""
