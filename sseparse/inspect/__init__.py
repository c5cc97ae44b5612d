"""Inspect: recordings in, numbers, findings and pictures out."""

from sseparse.inspect._cuts import Cuts
from sseparse.inspect._distribution import Distribution
from sseparse.inspect._metrics import Metrics, MetricsFold, metrics
from sseparse.inspect._preview import preview
from sseparse.inspect._stalls import Stall
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
    "Cuts",
    "Distribution",
    "Fold",
    "ItemKind",
    "Metrics",
    "MetricsFold",
    "Recorded",
    "SeenItem",
    "SeenRead",
    "Source",
    "Stall",
    "Timeline",
    "TimelineItem",
    "TimelineRead",
    "metrics",
    "opened",
    "preview",
    "timeline",
    "walk",
]
