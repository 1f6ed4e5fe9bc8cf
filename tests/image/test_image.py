"""The image does its work without root, without a shell and with nothing to write on."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controlplane import Cluster
from controlplane.choose import provide_local_cluster
from e2e.product import Product
from e2e.shop import Shop
from image.picture import RESTRICTED, Image
from installation.installation import RELEASE
from installation.program import free_port, until
from rollout_reporter import __version__

pytestmark = pytest.mark.timeout(1200)

SHELLS = ("sh", "dash", "bash", "rbash")
MOST_MEGABYTES = 180
"""On top of the base."""


def test_it_tells_its_version_and_its_commands(image: Image) -> None:
    assert image.run("--version") == f"rollout-reporter {__version__}\n"
    assert "cleanup" in image.run("--help")


def test_its_commands_can_be_called_in_a_pod(image: Image) -> None:
    """`kubectl exec deploy/rollout-reporter -- rollout-reporter doctor`, as the README says."""
    called = image.engine(
        "run", "--rm", "--network=none", "--entrypoint=rollout-reporter", image.name, "doctor", "--help"
    )
    assert "Check all that the operator needs" in called


def test_it_runs_without_root_and_with_nothing_to_write_on(image: Image) -> None:
    assert image.config["User"] == "65532:65532"
    places = "[p for p in ('/', '/opt', '/etc', '/tmp') if os.access(p, os.W_OK)]"
    assert image.python(f"import os; print(os.getuid(), {places})") == "65532 ['/tmp']\n"


def test_it_runs_as_any_user(image: Image) -> None:
    found = image.run("--version", flags=("--network=none", "--user=1000650000:0"))
    assert found == f"rollout-reporter {__version__}\n"


def test_nobody_could_change_it_even_if_the_file_system_were_writable(image: Image) -> None:
    """As in a pod without the chart's securityContext."""
    program = "import os; print([d for d, _, _ in os.walk('/opt') if os.access(d, os.W_OK)])"
    interpreter = f"--entrypoint={image.config['Entrypoint'][0]}"
    found = image.engine("run", "--rm", "--network=none", interpreter, image.name, "-c", program)
    assert found == "[]\n"


def test_it_needs_no_shell(image: Image) -> None:
    present = image.python(
        f"import os; print(*[s for s in {SHELLS} if os.path.exists('/usr/bin/' + s)])"
    ).split()
    hidden = [f"--volume=/dev/null:/usr/bin/{name}:ro" for name in present]
    assert image.run("--version", flags=("--network=none", *hidden)).startswith("rollout-reporter ")


PROBES = """
import asyncio, httpx
from rollout_reporter.controller.probes import serve_probes
from rollout_reporter.controller.settings import Settings

async def main():
    all_is_well = dict.fromkeys(("why_unhealthy", "why_unready"), lambda: None)
    serving = asyncio.create_task(serve_probes(Settings(namespace="x"), **all_is_well))
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5)) as http:
        for address in ("127.0.0.1", "[::1]"):
            print((await http.get(f"http://{address}:8081/healthz")).text)
    serving.cancel()
    await asyncio.wait([serving])

asyncio.run(main())
"""


def test_its_probes_answer_in_pods_of_ipv4_and_of_ipv6(image: Image) -> None:
    """Kubelets ask the pod's own address, which is of one family or of the other."""
    both = [f"--sysctl=net.ipv6.conf.{each}.disable_ipv6=0" for each in ("all", "lo")]

    assert image.python(PROBES, *both) == "ok\nok\n"


def test_what_built_it_is_not_in_it(image: Image) -> None:
    program = (
        "import importlib.util as u; print([m for m in ('pip', 'hatchling', 'pytest') if u.find_spec(m)])"
    )
    assert image.python(program) == "[]\n"


def test_it_is_small(image: Image) -> None:
    assert image.own_megabytes < MOST_MEGABYTES


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with provide_local_cluster() as cluster:
        yield cluster


def test_it_reports_with_the_rights_of_the_chart(
    image: Image, cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    product = Product(cluster, "rollout-reporter", tmp_path)
    shop = Shop(cluster, "shop")
    probes, name = free_port(), f"rollout-reporter-{free_port()}"
    try:
        product.jira.start()
        product.install()
        shop.open()
        began = time.monotonic()
        start(image, product, tmp_path, name, probes)
        until(lambda: is_ready(probes), seconds=60, otherwise=lambda: image.engine("logs", name))
        took = time.monotonic() - began
        web = shop.deployment("SHOP-1")
        product.jira.until("SHOP-1", "successful")
        web.shows("True", "Successful")
        image.engine("stop", "--time=20", name)
        stopped = image.engine("inspect", "--format={{.State.ExitCode}}", name)
    finally:
        image.engine.call("rm", "--force", name)
        product.close()

    assert stopped == "0\n"
    with capsys.disabled():
        print(f"\nwatching {took:.1f} s after docker run")  # noqa: T201 (for whoever looks at it)


def start(image: Image, product: Product, folder: Path, name: str, probes: int) -> None:
    """Start `run` in a container as the chart does, in the network of this machine."""
    own = product.cluster.service_account_kubeconfig(product.namespace, RELEASE)
    kubeconfig = folder / "for-the-container"
    shutil.copyfile(own, kubeconfig)
    kubeconfig.chmod(0o644)
    environment = product.installation.environment() | {
        "POD_NAMESPACE": product.namespace,
        "KUBECONFIG": "/kubeconfig",
        "ROLLOUT_REPORTER_HOST": "127.0.0.1",
        "ROLLOUT_REPORTER_PROBE_PORT": str(probes),
        "ROLLOUT_REPORTER_METRICS_PORT": str(free_port()),
    }
    variables = [f"--env={key}={value}" for key, value in environment.items()]
    mounted = f"--volume={kubeconfig}:/kubeconfig:ro"
    image.engine(
        "run", "--detach", "--network=host", f"--name={name}", *RESTRICTED, mounted, *variables, image.name
    )


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False
