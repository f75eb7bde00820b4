"""What stands beside a note that is judged by its own equations: a reference, functions that are declared."""
