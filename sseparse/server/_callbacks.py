"""What a server tells its user, who may be wrong: an error of a callback is told, and no more.

It is raised amid a connection, which would break: the client would get no answer, for a fault that
is none of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

ToldT = TypeVar("ToldT")


def guarded(
    callback: Callable[[ToldT], object], name: str, on_message: Callable[[str], None]
) -> Callable[[ToldT], None]:
    """Return the callback as one that never raises.

    Args:
        callback: of the user.
        name: that of its argument, such as ``"on_request"``.
        on_message: is told of its errors, in one line.

    >>> guarded(lambda text: int(text), "on_request", print)("ten")
    on_request raised ValueError: invalid literal for int() with base 10: 'ten'
    """

    def call(told: ToldT) -> None:
        try:
            callback(told)
        except Exception as error:
            words = " ".join(f"{type(error).__name__}: {error}".split())
            on_message(f"{name} raised {words.removesuffix(':')}")

    return call
