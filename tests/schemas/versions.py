"""The Kubernetes versions that the chart is judged for: each whose OpenAPI is pinned."""

from typing import Final

from controlplane.catalogue import OPENAPI, Source

VERSIONS: Final[dict[str, Source]] = {
    each.name.removeprefix("openapi-"): each
    for each in sorted(OPENAPI, key=lambda each: int(each.name.rpartition(".")[2]))
}
"""By minor version, the lowest first."""
