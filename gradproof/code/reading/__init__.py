"""Existing code followed statement by statement: functions and sample values in, steps out."""
