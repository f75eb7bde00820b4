"""The search for the simplest edit: a formula and trials in, the edits that give the truth out."""
