"""httpx2 and httpx, told apart by the request: who has one has its library, and none is imported.

The two have the same classes under the same names.
"""

from __future__ import annotations

import functools
import sys
from typing import Any


def library_of(request: Any) -> Any:
    """Return the module, httpx2 or httpx, that a request comes from, a subclass's too."""
    modules = [base.__module__.partition(".")[0] for base in type(request).__mro__]
    return sys.modules[next(name for name in modules if name in ("httpx2", "httpx"))]


@functools.cache
def stream_class(word: str, kind: type, base: type) -> type:
    """Return a stream that is one of the library's: its clients refuse any other.

    Args:
        word: what its name begins with.
        kind: the class that does the work.
        base: ``SyncByteStream`` or ``AsyncByteStream`` of the library.
    """
    return type(f"{word}{base.__name__}", (kind, base), {})
