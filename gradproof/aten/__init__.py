"""What torch computes, as ATen operations that run on any NumPy-like arrays."""

from gradproof.aten.errors import FlowChanged, NoRule
from gradproof.aten.recorder import no_rule_for
from gradproof.aten.recording import record
from gradproof.aten.tape import Operation, Slot, Tape

__all__ = ["FlowChanged", "NoRule", "Operation", "Slot", "Tape", "no_rule_for", "record"]
