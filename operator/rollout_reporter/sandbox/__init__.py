"""A stand-in for the Jira side, as strict as the real one, with a page that shows what Jira would show.

What the API does silently (drops what comes out of order, replaces wholesale, answers 202 for what it
refuses) is where an operator goes wrong, so all of it is here. Where the documentation leaves room, the
stricter reading was taken.
"""

from .app import create_app
from .config import SandboxConfig
from .server import serve

__all__ = ["SandboxConfig", "create_app", "serve"]
