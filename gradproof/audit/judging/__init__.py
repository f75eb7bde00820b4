"""Which of a note's equations hold: statements and their values in, findings with the mended line out."""
