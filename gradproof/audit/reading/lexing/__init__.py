"""The lexer of one side of an equation: tokens to the terminals of the grammar."""

from gradproof.audit.reading.lexing.lexer import lex

__all__ = ["lex"]
