"""The reader of lecture notes: printed maths to a tree, to values, to a verdict for every `=`."""
