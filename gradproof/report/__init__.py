"""Reports: frames for machines, Markdown for people. What is in them was found out elsewhere."""
