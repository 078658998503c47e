"""Counts the lines that were not delivered, per channel and reason, until a marker says so."""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, Optional, Tuple

from ._channel import Channel

#: The channel is `None` for the drops of more causes than are counted separately.
Cause = Tuple[Optional[Channel], str]

#: How many single counts are kept before they are joined.
_JOIN_AT = 4_096
#: How many causes are counted separately. A job has a handful of channels.
_MOST_CAUSES = 4_096
_OTHERS: Cause = (None, "in more channels than are counted separately")


class Drops:
    """Counts that any thread, signal handler or finalizer may add to, without a lock.

    Each operation on a deque is atomic, so every drop is counted exactly once.
    """

    def __init__(self) -> None:
        self._counts: Deque[Tuple[Cause, int]] = deque()
        self._join_at = _JOIN_AT

    def add(self, channel: Optional[Channel], reason: str, count: int = 1) -> None:
        self._counts.append(((channel, reason), count))
        if len(self._counts) > self._join_at:
            for cause, total in _bounded(self.take()).items():
                self._counts.append((cause, total))
            # With many channels, joining frees little: it must not happen for each drop.
            self._join_at = 2 * len(self._counts) + _JOIN_AT

    def take(self) -> Dict[Cause, int]:
        """Removes and returns all counts."""
        totals: Dict[Cause, int] = {}
        # At most the counts present now, since others may keep adding.
        for _ in range(len(self._counts)):
            try:
                cause, count = self._counts.popleft()
            except IndexError:
                break
            totals[cause] = totals.get(cause, 0) + count
        return totals

    def __bool__(self) -> bool:
        return bool(self._counts)

    def total(self) -> int:
        """Returns the sum of all counts, for statistics."""
        try:
            return sum(count for _, count in list(self._counts))
        except RuntimeError:
            # Changed by a finalizer that ran while it was copied.
            return 0


def _bounded(totals: Dict[Cause, int]) -> Dict[Cause, int]:
    """Adds the counts of the causes beyond the limit to a single one."""
    others = totals.pop(_OTHERS, 0)
    while len(totals) > _MOST_CAUSES:
        others += totals.popitem()[1]
    if others:
        totals[_OTHERS] = others
    return totals
