"""What a check has found, as facts: records of equations, what closer looks measured, what could not be done."""
