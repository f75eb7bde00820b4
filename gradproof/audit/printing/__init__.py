"""Trees of printed maths in; LaTeX out, and the walk that any other notation goes by."""
