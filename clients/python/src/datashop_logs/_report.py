"""Problems of the publisher itself, on standard error: one message a minute of each kind.

They do not go through `logging`, whose handlers may lead back to the publisher.
"""

from __future__ import annotations

import sys
import time
from typing import Callable, Dict

_SECONDS_BETWEEN = 60.0


class Reporter:
    """Writes messages of a kind at most once a minute, or once in total."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next: Dict[str, float] = {}

    def say(self, kind: str, message: str) -> None:
        """Reports a problem that may recur."""
        now = self._clock()
        if now >= self._next.get(kind, now):
            self._next[kind] = now + _SECONDS_BETWEEN
            write(message)

    def say_once(self, kind: str, message: str) -> None:
        """Reports a problem that lasts."""
        if kind not in self._next:
            self._next[kind] = float("inf")
            write(message)


def write(message: str) -> None:
    """Writes one line to standard error, which may be closed or missing."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in message)
    try:
        sys.stderr.write(f"datashop_logs: {printable}\n")
        sys.stderr.flush()
    except Exception:
        # Without standard error there is no place left to report to.
        return


def counted(count: int) -> str:
    """Returns `1 line` or `5 lines`."""
    return f"{count} line{'' if count == 1 else 's'}"
