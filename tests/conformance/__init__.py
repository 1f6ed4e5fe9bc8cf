"""Recorded rollouts, each with the truth about it, to measure any judge of rollouts by.

``recordings/*.jsonl`` are watch streams of a real control plane, ``truths/*.yaml`` say line by line what a
judge should have said; they were written by people who read the recordings.
"""
