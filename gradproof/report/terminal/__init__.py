"""What the terminal shows: results in, text out."""
