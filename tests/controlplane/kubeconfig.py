"""Kubeconfig files: one cluster, one user, readable by the owner only."""

from pathlib import Path

import yaml


def write_kubeconfig(path: Path, *, server: str, ca_base64: str, token: str) -> Path:
    """Write what a client needs to verify the server and to say who it is."""
    path.touch(mode=0o600)
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {"name": "test", "cluster": {"server": server, "certificate-authority-data": ca_base64}}
                ],
                "users": [{"name": "user", "user": {"token": token}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "user"}}],
                "current-context": "test",
            }
        )
    )
    return path
