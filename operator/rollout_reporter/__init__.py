"""Rollout Reporter for Jira: tells Jira Cloud the truth about every rollout in a cluster."""

__version__ = "0.1.0"
