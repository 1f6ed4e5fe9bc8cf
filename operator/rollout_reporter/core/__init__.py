"""The functional core: what is true about a rollout, and what Jira should hold.

Everything here is pure: no input or output, no clock, no logging. Times and facts come in as values,
decisions go out as values, so every rule can be tested as a table.
"""
