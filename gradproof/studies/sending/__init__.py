"""A failing trial in goes a file of NumPy and torch that somebody without gradproof can run."""

from __future__ import annotations

from gradproof.studies.sending.script import Script, script_of, scripts_of

__all__ = ["Script", "script_of", "scripts_of"]
