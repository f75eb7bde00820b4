"""What the names of a note are: learned from print, told apart by their labels, defined in their order."""
