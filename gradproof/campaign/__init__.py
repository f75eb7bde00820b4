"""Campaigns: cases and a number of trials past what one run does in; tallies in a store out, reported like a check.

The trials of a case are cut into stretches; a stretch is a task. The same function runs a task in this process, in
processes of this machine and on a Dask cluster. What a task has found are tallies, which add up in any order to the
same bytes, so a campaign goes on where it was stopped, whoever did what.
"""
