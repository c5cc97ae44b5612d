"""``python -m benchmarks``: measure, print the tables, judge the targets."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import table
from benchmarks.targets import Verdict
from benchmarks.workloads import NAMES

ASSEMBLY = "assembly"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parse(argv)
    names = [name for name in NAMES if not options.only or name in options.only]
    reports = []
    if names:
        reports.append(table.decoding(names, options.rounds, _say))
    if not options.only or ASSEMBLY in options.only:
        reports.append(table.assembly(options.rounds, _say))
        reports.append(table.protocols(options.rounds, _say))
    out = ["Times of the others are given as multiples of that of sseparse: the median over"]
    out += [f"{options.rounds} rounds of the ratio in one round, in CPU time.", ""]
    for report in reports:
        out += [table.render(report.head, report.rows, options.markdown), ""]
        out += [f"- {note}" for note in report.notes] + [""] * bool(report.notes)
    out += [f"- {line}" for line in table.machine()]
    verdicts = [verdict for report in reports for verdict in report.verdicts]
    out += ["", table.render(*_targets(verdicts), options.markdown)]
    sys.stdout.write("\n".join(out) + "\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[*NAMES, ASSEMBLY],
        metavar="NAME",
        help=f"run this only; may be given several times: {', '.join([*NAMES, ASSEMBLY])}",
    )
    parser.add_argument("--rounds", type=_rounds, default=7, help="at least 5 (default: 7)")
    parser.add_argument("--markdown", action="store_true", help="tables for the README")
    return parser.parse_args(argv)


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 5:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds; give 5 or more")
    return int(text)


def _say(name: str) -> None:
    sys.stderr.write(f"measuring {name}\n")


def _targets(verdicts: Sequence[Verdict]) -> tuple[list[str], list[list[str]]]:
    words = {True: "pass", False: "FAIL", None: "-"}
    return ["target", "measured", "verdict"], [
        [verdict.target, verdict.measured, words[verdict.holds]] for verdict in verdicts
    ]


if __name__ == "__main__":
    main()
