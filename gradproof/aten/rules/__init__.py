"""What each of torch's operations does, written in NumPy functions that every kind of array takes."""
