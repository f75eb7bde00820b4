"""The pages: results in, HTML out."""
