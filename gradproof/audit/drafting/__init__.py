"""A reference drafted from a note: its forward equations in, a plain torch module and what it leaves open out."""
