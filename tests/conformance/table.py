"""``python -m conformance.table``: who is wrong about which recording, ours beside other tools.

It fails if the operator's own rules are wrong anywhere. ``--write FILE`` writes the page of documentation
instead, whatever it has to say.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance import recording
from conformance.rivals.page import page
from conformance.rivals.scores import JUDGES, KINDS, OURS, OURS_ALONE, Score, Scored, scenarios, scored

_HEADS = ("ours", "ours w/o RS", "kubectl", "kstatus", "Argo CD", "plugin")
_WIDTHS = tuple(max(len(head), 8) for head in _HEADS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance.table", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of documentation")
    options = parser.parse_args()
    results = [scored(scenario) for scenario in scenarios()]
    if options.write:
        options.write.write_text(page(results))
        return 0
    sys.stdout.write("\n".join([*table(results), ""]))
    wrong = list(our_faults(results))
    sys.stderr.write("".join(f"{fault}\n" for fault in [*_unjudged(results), *wrong]))
    return 1 if wrong else 0


def table(results: Iterable[Scored]) -> Iterator[str]:
    """Lay out wrong and judged verdicts, scenario by scenario."""
    everything = list(results)
    width = max((len(each.scenario.title) for each in everything), default=0)
    yield "wrong verdicts / judged lines"
    for kind in KINDS:
        of_kind = [each for each in everything if each.scenario.kind == kind]
        yield from ("", _row(f"{kind}s", _HEADS, width))
        yield from (_row(each.scenario.title, _scores([each]), width) for each in of_kind)
        yield _row("  in all", _scores(of_kind), width)
    yield from ("", _row("all", _scores(everything), width))


def our_faults(results: Iterable[Scored]) -> Iterator[str]:
    """What the operator's own rules say wrongly."""
    for each in results:
        for judge in (OURS, OURS_ALONE):
            for opinion in each.opinions[judge]:
                if not opinion.is_right:
                    yield f"{each.scenario.name} ({judge}): {opinion}"


def _unjudged(results: Iterable[Scored]) -> Iterator[str]:
    judged = {each.scenario.name for each in results}
    yield from (
        f"{name}: left out, its truth is not written" for name in recording.names() if name not in judged
    )


def _scores(results: Iterable[Scored]) -> list[str]:
    everything = list(results)
    return [str(sum((each.score(judge) for each in everything), Score())) for judge in JUDGES]


def _row(title: str, cells: Iterable[str], width: int) -> str:
    return "  ".join([title.ljust(width), *(cell.rjust(w) for cell, w in zip(cells, _WIDTHS, strict=True))])


if __name__ == "__main__":
    sys.exit(main())
