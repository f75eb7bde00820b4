"""What torch computes, as ATen operations that run on any NumPy-like arrays."""

from gradproof.aten.errors import NoRule
from gradproof.aten.recording import record
from gradproof.aten.tape import Operation, Slot, Tape

__all__ = ["NoRule", "Operation", "Slot", "Tape", "record"]
