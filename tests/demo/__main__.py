"""`python -m demo` and `python -m demo down`: what ends how."""

import argparse
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

import httpx

import demo
from demo.expected import compare
from demo.screen import Screen
from demo.stage import Stage, open_stage
from demo.story import STORY
from demo.traces import remove_leftovers

SUGGESTION = "kubectl -n shop-prod set image deployment/checkout app=registry.k8s.io/pause:3.9"
LOG_LINES = 40
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, by the shells' convention."""


def main() -> int:
    options = _parse()
    screen = Screen()
    _let_the_first_interrupt_alone_count()
    try:
        if options.command == "down":
            remove_leftovers(screen)
            return 0
        return _play(screen, once=options.once or os.environ.get("ONCE", "") not in {"", "0"})
    except KeyboardInterrupt:
        screen.note("Interrupted. Everything that was started is ended and removed.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # whoever read this has gone: nothing is left to flush
        return 1
    except (RuntimeError, OSError, httpx.HTTPError) as error:
        screen.trouble(str(error))
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo", description=demo.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["down"])
    parser.add_argument("--once", action="store_true", help="end by itself, and say whether all went well")
    return parser.parse_args()


def _let_the_first_interrupt_alone_count() -> None:
    """An impatient second Ctrl-C would end the clean-up; a closed terminal counts as one, too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it so
        signal.signal(signal.SIGHUP, interrupt)


def _play(screen: Screen, *, once: bool) -> int:
    with open_stage(screen) as stage:
        _offer(stage)
        try:
            for number, step in enumerate(STORY, start=1):
                screen.title(f"{number}/{len(STORY)}  {step.title}")
                screen.say(step.why)
                for act in step.acts:
                    act.play(stage)
        except (RuntimeError, OSError, httpx.HTTPError):
            _explain(stage)
            raise
        if not _judge(stage):
            return 1
        if not once:
            _hold(stage)
    screen.note("Everything that was started is ended and removed.")
    return 0


def _offer(stage: Stage) -> None:
    stage.screen.say(
        "\nEverything is up. What Jira would show is on this page, and in the lines that begin with “→ Jira”:"
    )
    stage.screen.address(stage.sandbox.url)
    stage.screen.say("To look around in the cluster, in another terminal:\n")
    stage.screen.output(stage.exports)


def _judge(stage: Stage) -> bool:
    """Say whether Jira holds what it should, and why not."""
    rows = compare(stage.sandbox.state()["deployments"])
    stage.screen.title("What Jira holds in the end")
    stage.screen.comparison(rows)
    if all(row.is_right for row in rows):
        return True
    _explain(stage)
    stage.screen.trouble("Jira does not hold what is expected.")
    return False


def _explain(stage: Stage) -> None:
    """Show what it takes to find out what went wrong, the most telling last."""
    stage.screen.title("What went wrong?")
    with suppress(RuntimeError):  # what cannot be shown must not hide the rest
        stage.run("kubectl -n shop-prod get deployments,rollouts,rolloutreports -o yaml")
    with suppress(RuntimeError):
        stage.run("kubectl -n shop-prod get deployments,rollouts,replicasets,pods,rolloutreports")
    for name, program in (("sandbox", stage.sandbox.program), ("operator", stage.operator)):
        stage.screen.title(f"The end of the {name}'s log")
        stage.screen.output("\n".join(program.log().splitlines()[-LOG_LINES:]))


def _hold(stage: Stage) -> None:
    """Stay, and go on telling what Jira is told: perhaps somebody tries something in another terminal."""
    stage.screen.say("\nThe page stays until you press Ctrl-C here:")
    stage.screen.address(stage.sandbox.url)
    stage.screen.say("Try something in another terminal, and see it arrive:\n")
    stage.screen.output(f"{stage.exports}\n  {SUGGESTION}\n")
    with suppress(KeyboardInterrupt):
        stage.tell_news_for_ever()


if __name__ == "__main__":
    sys.exit(main())
