"""An event loop whose timers are met to a fraction of a millisecond.

``epoll_wait`` counts whole milliseconds, and Python rounds up to them: every chunk would come half
a millisecond late on average, however little there is to do (0.97 ms at the median of 1,000 streams
in place of 0.5; ``benchmarks/serve_load.py``). ``select`` counts microseconds, and can wait for the
epoll itself: it is readable when anything in it is.
"""

from __future__ import annotations

import asyncio
import select
import selectors

LARGEST_FILE = 1023
"""The largest number of a file that ``select`` takes (FD_SETSIZE)."""

STEP = 0.0002
"""Seconds that timers are rounded up to: those that are due together are met in one turn."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop with precise timers, where the system's own are not.

    >>> loop = new_event_loop()
    >>> loop.run_until_complete(asyncio.sleep(0.0001, "slept"))
    'slept'
    >>> loop.close()
    """
    if not hasattr(selectors, "EpollSelector"):  # kqueue counts nanoseconds
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(_PreciseSelector())


if hasattr(selectors, "EpollSelector"):

    class _PreciseSelector(selectors.EpollSelector):
        """An epoll that is waited for with ``select``."""

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            """Wait; see ``selectors.BaseSelector.select``."""
            # (The epoll is made with the loop, and so has a small number, but where a program has
            # a thousand files open before.)
            if timeout is not None and timeout > 0 and self.fileno() <= LARGEST_FILE:
                select.select((self.fileno(),), (), (), max(timeout, STEP))
                timeout = 0
            return super().select(timeout)
