"""``python -m controlplane build [name …]`` and ``python -m controlplane up``."""

import argparse
import signal
import sys
from contextlib import suppress

import controlplane
from controlplane.binaries import binary_path
from controlplane.catalogue import LOCAL_TOOLS, TOOLS
from controlplane.choose import provide_cluster
from controlplane.cluster import Cluster
from controlplane.console import say
from controlplane.errors import ControlPlaneError


def main() -> int:
    options = _parse()
    try:
        if options.command == "build":
            _build(options.names or LOCAL_TOOLS)
        else:
            _up(argo=not options.without_argo)
    except ControlPlaneError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="controlplane",
        description=controlplane.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="build tools into the cache, and print where they are")
    build.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(TOOLS)}")
    up = commands.add_parser("up", help="start a cluster, and keep it until Ctrl-C")
    up.add_argument("--without-argo", action="store_true", help="leave Argo Rollouts out")
    return parser.parse_args()


def _build(names: list[str] | tuple[str, ...]) -> None:
    for name in names:
        sys.stdout.write(f"{binary_path(name)}\n")


def _up(*, argo: bool) -> None:
    """Standard output can be evaluated by a shell, standard error is for people."""
    with provide_cluster(argo=argo) as cluster:
        _offer(cluster)
        with suppress(KeyboardInterrupt):
            signal.pause()
        say("stopping the cluster …")


def _offer(cluster: Cluster) -> None:
    programs = cluster.folder / "bin"
    programs.mkdir()
    for name in ("kubectl", "helm"):
        (programs / name).symlink_to(cluster.tool(name))
    say(f"A cluster is up ({cluster.flavour}). In another terminal:\n")
    sys.stdout.write(f"export KUBECONFIG={cluster.kubeconfig}\nexport PATH={programs}:$PATH\n")
    sys.stdout.flush()
    say("\nCtrl-C here stops it.")


if __name__ == "__main__":
    sys.exit(main())
