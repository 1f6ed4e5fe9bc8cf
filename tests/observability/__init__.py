"""What people on call have: the page of metrics, the alerts and the dashboard, and proofs that they work.

`promtool` and `prometheus` are built once from their Go modules, as all tools of `controlplane` are.
"""
