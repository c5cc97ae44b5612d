"""``python -m benchmarks.rebuilt``: ask everybody, print who got what right."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.rebuilt._cases import fixtures, recorded
from benchmarks.rebuilt._count import Count, Result, beside, count, to_json
from benchmarks.rebuilt._judge import FIELDS
from benchmarks.rebuilt._peers import NAMES
from benchmarks.table import machine, render

MOST_FAULTS = 8
"""How many kinds of fault are listed for each peer."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parse(argv)
    cases = recorded() if options.recorded else fixtures()
    if not cases:
        raise SystemExit("there are no such streams here")
    result = count(cases, _say, options.peer)
    if options.json:
        sys.stdout.write(to_json(result) + "\n")
        return
    for python in options.beside:
        beside(result, python, ["--recorded"] * options.recorded, _say)
    what = "recorded streams beside the repository" if options.recorded else "fixtures/"
    out = [f"Fields rebuilt right, of those judged (in brackets: no place for them): {what}", ""]
    out += [render(*_by_protocol(result), options.markdown), ""]
    out += [render(*_by_field(result), options.markdown), ""]
    out += [f"- {line}" for line in _faults(result)]
    versions = [version for names in result.versions.values() for version in names]
    out += [f"- {machine()[0]}", f"- {', '.join(versions) or 'no peer is installed'}"]
    sys.stdout.write("\n".join(out) + "\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rebuilt", description=__doc__)
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="PYTHON",
        help="take the peers that are missing here from this interpreter; several times",
    )
    parser.add_argument(
        "--recorded",
        action="store_true",
        help="the recorded streams that lie beside the repository, if any",
    )
    parser.add_argument("--markdown", action="store_true", help="tables for the README")
    parser.add_argument("--peer", choices=NAMES, metavar="NAME", help=f"only: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="the counts, for --beside")
    return parser.parse_args(argv)


def _say(name: str) -> None:
    sys.stderr.write(f"asking for {name}\n")


Table = tuple[list[str], list[list[str]]]


def _by_protocol(result: Result) -> Table:
    rows = [
        [protocol, str(result.streams[protocol])]
        + [str(counts[name]) if name in counts else "–" for name in NAMES]
        for protocol, counts in result.counts.items()
    ]
    return ["protocol", "streams", *NAMES], rows


def _by_field(result: Result) -> Table:
    """Return the fields as rows, over the protocols of the peer."""
    rows = []
    for field in FIELDS:
        row = [field]
        for name in NAMES:
            pairs = [
                counts[name].fields[field]
                for counts in result.counts.values()
                if name in counts and field in counts[name].fields
            ]
            right, total = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
            row.append(f"{right}/{total}" if total else "–")
        rows.append(row)
    return ["field", *NAMES], rows


def _faults(result: Result) -> list[str]:
    lines = []
    for name in NAMES:
        faults = Count()
        for counts in result.counts.values():
            for fault, times in counts.get(name, Count()).faults.items():
                faults.faults[fault] = faults.faults.get(fault, 0) + times
        worst = sorted(faults.faults.items(), key=lambda item: -item[1])
        said = "; ".join(f"{fault} ({times})" for fault, times in worst[:MOST_FAULTS])
        more = sum(times for _, times in worst[MOST_FAULTS:])
        if said:
            lines.append(f"{name}: {said}" + (f"; {more} more" if more else ""))
    return lines


if __name__ == "__main__":
    main()
