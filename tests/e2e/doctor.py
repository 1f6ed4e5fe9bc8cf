"""`rollout-reporter doctor`, and what it says."""

import os
import subprocess
import sys
from dataclasses import dataclass

from e2e.product import Product
from installation.installation import RELEASE


@dataclass(frozen=True)
class Told:
    """What the doctor said."""

    code: int
    lines: list[str]

    def line(self, subject: str) -> str:
        """The one line about a thing, without its column's blanks."""
        [found] = [each for each in self.lines if each[3:].startswith(f"{subject}  ")]
        return " ".join(found.split())

    def not_well(self) -> list[str]:
        """Lines with another sign than ✓."""
        return [each for each in self.lines if not each.startswith("✓")]


def doctor(product: Product, kubeconfig: str, *arguments: str, **environment: str) -> Told:
    done = subprocess.run(
        [sys.executable, "-m", "rollout_reporter", "doctor", *arguments],
        env={**os.environ, **environment, "POD_NAMESPACE": product.namespace, "KUBECONFIG": kubeconfig},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Told(done.returncode, done.stdout.splitlines())


def as_administrator(product: Product) -> Told:
    return doctor(product, str(product.cluster.kubeconfig), **product.installation.environment())


def as_operator(product: Product) -> Told:
    kubeconfig = product.cluster.service_account_kubeconfig(product.namespace, RELEASE)
    return doctor(product, str(kubeconfig), **product.installation.environment())
