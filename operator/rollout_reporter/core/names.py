"""The names that users see, in one place; all derive from one prefix."""

from typing import Final

PREFIX: Final = "rollout-reporter.dev"
GROUP: Final = PREFIX
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
APP: Final = "rollout-reporter"

ISSUE_KEYS: Final = f"{PREFIX}/issue-keys"
ENVIRONMENT: Final = f"{PREFIX}/environment"
ENVIRONMENT_TYPE: Final = f"{PREFIX}/environment-type"
SITE: Final = f"{PREFIX}/site"
URL: Final = f"{PREFIX}/url"
PIPELINE: Final = f"{PREFIX}/pipeline"
DISPLAY_NAME: Final = f"{PREFIX}/display-name"
DESCRIPTION: Final = f"{PREFIX}/description"
SERVICE_IDS: Final = f"{PREFIX}/service-ids"
MAX_DURATION: Final = f"{PREFIX}/max-duration"
IGNORE: Final = f"{PREFIX}/ignore"

REPORTED: Final = f"{PREFIX}/Reported"
"""Type of the condition on a workload."""

NUMBER_CEILING: Final = f"{PREFIX}/update-number-ceiling"
"""Annotation on the operator's Lease: no update number above it may be issued."""
NUMBER_LAST: Final = f"{PREFIX}/update-number-last"
"""Annotation on a Lease that was handed over: no update number above it was issued."""

RESYNC: Final = f"{PREFIX}/resync"
"""Annotation on a JiraSite: everything acknowledged before this moment (RFC 3339) is sent again."""
RESYNC_NAMESPACES: Final = f"{PREFIX}/resync-namespaces"
"""Annotation beside it: globs of the Namespaces that it concerns, separated by commas; none for all."""
RESYNC_PRUNE_KEYS: Final = f"{PREFIX}/resync-prune-keys"
"""Annotation beside it: `true` takes away issues that the workloads name no more."""

MANAGER: Final = APP
"""Field manager of server-side apply."""
