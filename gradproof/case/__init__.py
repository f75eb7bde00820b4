"""What the user wrote, read: a project's files in; equations, a reference and its distributions out."""
