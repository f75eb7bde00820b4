"""Existing code as a derivation: backward functions and classes read statement by statement."""

from __future__ import annotations

from gradproof.code.files import load_file
from gradproof.code.spec import Code

__all__ = ["Code", "load_file"]
