"""Derivations, references and mistakes on which the repair engine is measured."""
