"""What is wrong, in words: a formula and its mended form, or wrong values alone, in; a diagnosis out."""
