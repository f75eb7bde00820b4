"""The draws: distributions, a seed and a number of trials in; arrays of values with the trials first out."""
