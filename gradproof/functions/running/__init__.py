"""A function called in every way that it must stand: inputs, dtypes and layouts in; outputs and gradients out."""
