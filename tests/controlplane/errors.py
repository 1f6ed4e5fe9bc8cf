"""The one error of this package."""


class ControlPlaneError(RuntimeError):
    """Something is missing or did not work; the message says in words what to do."""
