"""`python -m gradproof` is the `gradproof` command."""

from __future__ import annotations

from gradproof.cli import main

if __name__ == "__main__":
    main(prog_name="gradproof")
