"""Further looks at a function: sizes at edges of tiles, what one call leaves for the next, second derivatives."""
