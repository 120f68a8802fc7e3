"""Thresholds on any number that retainkit computes: rules, verdicts, baselines.

`parsing` makes rules of text and settings, and holds them against `shapes` before data is read;
`judging` takes the numbers from Results and `verdicts` decides.
"""
