"""What is watched in the process of the tests: gradients where they are handed on, and comparisons."""
