"""What is kept of a run that went wrong."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos.evidence import Evidence
from controlplane import ControlPlaneError

if TYPE_CHECKING:
    from chaos.lab import Lab
    from chaos.run import Result


def keep(lab: "Lab", evidence: Evidence, result: "Result") -> None:
    """Write down all the evidence beside the logs, and how the cluster stands."""
    folder = lab.folder
    _lines(folder / "passages.jsonl", [each.as_json() for each in lab.passages])
    _lines(folder / "requests.jsonl", evidence.requests)
    _lines(folder / "truth.jsonl", evidence.truth.as_json())
    _lines(folder / "history.jsonl", evidence.jira_state["history"])
    (folder / "jira.json").write_text(json.dumps(evidence.jira_state, indent=1))
    (folder / "cluster.yaml").write_text(_described(lab))
    (folder / "verdict.txt").write_text(_told(lab, evidence, result))


def _lines(path: Path, objects: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(each)}\n" for each in objects))


def _told(lab: "Lab", evidence: Evidence, result: "Result") -> str:
    absences = [f"{begin.isoformat()} to {end.isoformat()}" for begin, end in evidence.absences]
    parts = {
        "Plan": [str(result.plan)],
        "Script": [str(result.plan.script)],
        "Violations": [str(each) for each in result.violations],
        "Trouble": [result.trouble],
        "Killed at": [f"{each.number} {each}" for each in result.deaths],
        "Nobody was able": absences,
        "Namespaces": [lab.namespace, *lab.namespaces],
    }
    return "\n\n".join("\n".join([heading, *lines]) for heading, lines in parts.items())


def _described(lab: "Lab") -> str:
    parts = []
    for namespace in (lab.namespace, *lab.namespaces):
        kinds = "deployments,rollouts,replicasets,rolloutreports,jirasites,leases,configmaps,events"
        try:
            parts.append(lab.cluster.kubectl("get", kinds, f"--namespace={namespace}", "--output=yaml"))
        except ControlPlaneError as error:
            parts.append(str(error))
    return "\n---\n".join(parts)
