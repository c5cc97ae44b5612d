"""Inspect: recordings in, numbers, findings and pictures out."""

from sseparse.inspect._check._check import CheckFold, check
from sseparse.inspect._check._rules import RULES, Rule
from sseparse.inspect._cuts import Cuts
from sseparse.inspect._diff import ABSENT, IGNORED, Absent, Diff, Difference, Figure, Level, diff
from sseparse.inspect._distribution import Distribution
from sseparse.inspect._metrics import Metrics, MetricsFold, metrics
from sseparse.inspect._preview import preview
from sseparse.inspect._report import Report, report
from sseparse.inspect._stalls import Stall
from sseparse.inspect._strip import Strip, StripFold
from sseparse.inspect._timeline import Timeline, TimelineItem, TimelineRead, timeline
from sseparse.inspect._walk import (
    Fold,
    ItemKind,
    Recorded,
    SeenItem,
    SeenRead,
    Source,
    opened,
    walk,
)

__all__ = [
    "ABSENT",
    "IGNORED",
    "RULES",
    "Absent",
    "CheckFold",
    "Cuts",
    "Diff",
    "Difference",
    "Distribution",
    "Figure",
    "Fold",
    "ItemKind",
    "Level",
    "Metrics",
    "MetricsFold",
    "Recorded",
    "Report",
    "Rule",
    "SeenItem",
    "SeenRead",
    "Source",
    "Stall",
    "Strip",
    "StripFold",
    "Timeline",
    "TimelineItem",
    "TimelineRead",
    "check",
    "diff",
    "metrics",
    "opened",
    "preview",
    "report",
    "timeline",
    "walk",
]
