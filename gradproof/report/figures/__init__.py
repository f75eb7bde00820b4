"""The pictures: results in, figures out."""
