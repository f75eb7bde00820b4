"""The side that runs in the tests' own pytest: jobs come in by a pipe, what each test did goes out as JSON lines."""
