"""How often the API server was written to, by its own count.

It does not count by client. So this counts what nobody but the operator writes while a bench runs: its own
kinds, ConfigMaps, and Deployments' status by apply (their controller replaces it). Events and the Lease are
left aside.
"""

import re
from collections import Counter

from bench.api import Api

_SAMPLE = re.compile(r"^apiserver_request_total\{(?P<labels>[^}]*)\} (?P<value>\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_WRITING = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"})
_OWN = frozenset({"rolloutreports", "jirasites"})


def count_writes(api: Api) -> Counter[str]:
    """Writes so far, by what was written and how."""
    found: Counter[str] = Counter()
    for sample in _SAMPLE.finditer(api.get("/metrics")):
        labels = dict(_LABEL.findall(sample["labels"]))
        if _is_the_operators(labels):
            path = "/".join(filter(None, (labels["resource"], labels["subresource"])))
            found[f"{labels['verb']} {path}"] += int(float(sample["value"]))
    return found


def _is_the_operators(labels: dict[str, str]) -> bool:
    verb, resource = labels["verb"], labels["resource"]
    if verb not in _WRITING:
        return False
    if (resource, labels["subresource"]) == ("deployments", "status"):
        return verb in {"PATCH", "APPLY"}
    return resource in _OWN or resource == "configmaps"


def listed(writes: Counter[str], transitions: int) -> str:
    """Writes of each sort per transition, the most frequent first."""
    return ", ".join(f"{what} {count / transitions:.2f}" for what, count in writes.most_common())
