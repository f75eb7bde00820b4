"""In: code whose results are wrong; out: the smallest edit of its file with which its own functions give the truth."""
