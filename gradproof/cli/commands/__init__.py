"""The subcommands. They stand apart from the group, in whose module one named `list` would hide Python's own."""
