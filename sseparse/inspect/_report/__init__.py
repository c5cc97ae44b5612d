"""Report: recordings in, one page that shows them out."""

from sseparse.inspect._report._report import Report, report

__all__ = ["Report", "report"]
