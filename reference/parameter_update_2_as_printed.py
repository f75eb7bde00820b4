"""The document as printed is about the same network."""

from .parameter_update_2 import reference

__all__ = ["reference"]
