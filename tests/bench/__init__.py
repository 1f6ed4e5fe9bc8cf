"""The operator measured against its budgets, on a local control plane; `--write FILE` writes the page."""
