"""The chain rule in existing code: what its forward pass says of the variables of its backward pass."""
