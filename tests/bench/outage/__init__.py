"""`python -m bench.outage`: Jira is away for an hour while workloads go on; what it costs, what comes of it.

Half of the requests hang, the others are answered with 503. Then Jira is back, and all has to be told to it.
"""
