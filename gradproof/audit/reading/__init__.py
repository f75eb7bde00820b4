"""From the text of a note to statements: LaTeX in, trees of symbols out."""
