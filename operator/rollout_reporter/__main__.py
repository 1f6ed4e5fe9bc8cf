"""`python -m rollout_reporter`."""

from .cli import app

app()
