"""The command line: `rollout-reporter`, and `kubectl rollout-reporter`."""

from .main import app

__all__ = ["app"]
