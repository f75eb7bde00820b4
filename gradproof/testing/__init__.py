"""Cases as tests: the pytest plugin, its items, and the asserts for a test of one's own."""
