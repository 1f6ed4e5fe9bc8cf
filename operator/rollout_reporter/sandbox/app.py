"""The sandbox as an ASGI application."""

from pydantic import ValidationError
from starlette.applications import Starlette

from . import api, control, page
from .config import SandboxConfig
from .state import Clock, Site, utc_now


def create_app(config: SandboxConfig | None = None, clock: Clock = utc_now) -> Starlette:
    """Make an application with a state of its own; the clock decides when tokens end and delays are over."""
    site = Site(config or SandboxConfig(), clock)
    app = Starlette(
        routes=[*api.routes(site), *control.routes(site), *page.routes(site)],
        exception_handlers={ValidationError: control.not_understood},
    )
    app.router.redirect_slashes = False  # Jira knows exact paths only
    app.state.site = site
    return app
