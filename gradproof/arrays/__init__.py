"""Number types that run through plain NumPy code: hidden trial axes, rounding bounds, exact expressions."""
