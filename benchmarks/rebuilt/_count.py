"""From verdicts to counts: what each peer got right, of which fields, and what went wrong."""

from __future__ import annotations

import json
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.rebuilt._cases import ROOT, Case
from benchmarks.rebuilt._judge import Verdict, judge
from benchmarks.rebuilt._peers import PEERS, loaded
from benchmarks.rebuilt._server import Server, serving

Say = Callable[[str], None]


@dataclass
class Count:
    """How a peer fares on the streams of a protocol.

    Attributes:
        right: fields that are right.
        total: fields that were judged.
        no_place: fields it has no place for.
        fields: right and total by field.
        faults: what is wrong, and how often.
    """

    right: int = 0
    total: int = 0
    no_place: int = 0
    fields: dict[str, list[int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    def add(self, verdicts: dict[str, Verdict | None]) -> None:
        """Add the verdicts on one stream."""
        for name, verdict in verdicts.items():
            if verdict is None:
                self.no_place += 1
                continue
            self.right += verdict.right
            self.total += 1
            counts = self.fields.setdefault(name, [0, 0])
            counts[0] += verdict.right
            counts[1] += 1
            if verdict.fault:
                self.faults[verdict.fault] = self.faults.get(verdict.fault, 0) + 1

    def __str__(self) -> str:
        brackets = f" ({self.no_place})" if self.no_place else ""
        return f"{self.right}/{self.total}{brackets}"


@dataclass
class Result:
    """What was counted: by protocol and peer, and the versions."""

    counts: dict[str, dict[str, Count]] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)


def count(cases: Sequence[Case], say: Say, only: str | None = None) -> Result:
    """Run everybody on every stream of a protocol they speak."""
    streams = Counter(case.protocol for case in cases)
    result = Result(streams=dict(sorted(streams.items(), key=lambda item: (-item[1], item[0]))))
    result.versions = {
        peer.name: versions
        for peer in PEERS
        if only in (None, peer.name) and (versions := peer.versions())
    }
    with serving() as server, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers'
        for protocol in result.streams:
            say(protocol)
            mine = [case for case in cases if case.protocol == protocol]
            result.counts[protocol] = _count_protocol(server, mine, only)
    return result


def _count_protocol(server: Server, cases: Sequence[Case], only: str | None) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for name, rebuild in loaded(cases[0].protocol, only).items():
        counts[name] = Count()
        for case in cases:
            server.body = case.body
            counts[name].add(judge(case.truth, rebuild(server.url, case)))
    return counts


def to_json(result: Result) -> str:
    """Return a result for the process that asked for it."""
    return json.dumps(asdict(result))


def beside(result: Result, python: str, arguments: Sequence[str], say: Say) -> None:
    """Add the peers that are missing here from another environment.

    Raises:
        subprocess.CalledProcessError: that interpreter could not run this package.
    """
    for peer in PEERS:
        if peer.name in result.versions:
            continue
        say(f"{peer.name} by {python}")
        command = [python, "-m", "benchmarks.rebuilt", "--json", "--peer", peer.name, *arguments]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603  # as asked
        other = json.loads(done.stdout.splitlines()[-1])
        if peer.name not in other["versions"]:
            continue
        result.versions[peer.name] = other["versions"][peer.name]
        for protocol, counts in other["counts"].items():
            if peer.name in counts:
                result.counts[protocol][peer.name] = Count(**counts[peer.name])
