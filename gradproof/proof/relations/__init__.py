"""What relates the parts of an expression: degrees, dependences, logarithms, roots, and the regions of its branches."""
