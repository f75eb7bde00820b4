"""In: functions as they stand and what their arguments are; out: what they return, store and write, judged by value."""
