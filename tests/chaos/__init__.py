"""The fault laboratory: the real operator at work while everything around it breaks.

A run plays a story of rollouts on a real control plane, strikes the operator, the API server or Jira with
faults drawn from a seed, and then holds what Jira says against what the cluster truly did.
"""
