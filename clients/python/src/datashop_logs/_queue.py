"""The queue between the threads that log and the one that sends.

Callers may be finalizers run by the garbage collector, signal handlers or greenlets, at any point
of a call of the same thread. A lock could then be held by the very frame that waits for it, so
there is none: each step is one atomic operation of a deque.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from typing import Deque, List, Optional, Tuple, Union

from ._channel import Channel
from ._drops import Drops

#: The channel, the number within the process, and the encoded log.
Line = Tuple[Channel, int, bytes]

#: The memory of a line besides its encoded log, in bytes: tuple, number, object header.
LINE_OVERHEAD = 160


class Ticket:
    """A place in the queue. Its owner waits until everything in front of it was handled."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        # Looked up when used: gevent may have replaced it by then.
        self._answer: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def answer(self, was_handled: bool) -> None:
        self._answer.put(was_handled)

    def wait(self) -> bool:
        """Returns whether everything in front was handled before the deadline."""
        try:
            return self._answer.get(timeout=max(0.0, self.deadline - time.monotonic()))
        except queue.Empty:
            return False


class LineQueue:
    """Lines in the order of logging, bounded by count and bytes. The oldest are dropped first."""

    def __init__(self, max_lines: int, max_bytes: int) -> None:
        self.drops = Drops()
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._items: Deque[Union[Line, Ticket]] = deque()
        # An estimate: concurrent updates may be lost, and recount() corrects it.
        self._bytes = 0

    def put(self, line: Line, drop_reason: str) -> None:
        """Appends a line. The lines that no longer fit are counted with `drop_reason`."""
        self._items.append(line)
        self._bytes += len(line[2]) + LINE_OVERHEAD
        if self._is_full():
            self._drop_oldest(drop_reason)

    def put_ticket(self, ticket: Ticket) -> None:
        self._items.append(ticket)

    def take(self, max_lines: int, max_bytes: int) -> Tuple[List[Line], Optional[Ticket]]:
        """Removes the oldest lines, up to the next ticket, which is removed and returned too."""
        lines: List[Line] = []
        size = 0
        while len(lines) < max_lines and size < max_bytes:
            item = self._pop()
            if item is None:
                break
            if isinstance(item, Ticket):
                return lines, item
            lines.append(item)
            size += len(item[2])
        return lines, None

    def drop_all(self, reason: str) -> List[Ticket]:
        """Counts all lines as dropped and returns the tickets between them."""
        tickets: List[Ticket] = []
        for _ in range(len(self._items)):
            item = self._pop()
            if item is None:
                break
            if isinstance(item, Ticket):
                tickets.append(item)
            else:
                self.drops.add(item[0], reason)
        return tickets

    def recount(self) -> None:
        """Corrects the count of bytes."""
        try:
            items = list(self._items)
        except RuntimeError:
            # A finalizer logged while the queue was copied. The next recount will do.
            return
        self._bytes = sum(len(item[2]) + LINE_OVERHEAD for item in items if type(item) is tuple)

    def count_lines(self) -> int:
        """Returns the number of lines, without the tickets between them."""
        try:
            return sum(type(item) is tuple for item in list(self._items))
        except RuntimeError:
            # Changed by a finalizer that ran while the queue was copied.
            return len(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def _is_full(self) -> bool:
        return len(self._items) > self._max_lines or self._bytes > self._max_bytes

    def _drop_oldest(self, reason: str) -> None:
        # Bounded: tickets are put back, and there may be nothing but tickets.
        for _ in range(len(self._items)):
            item = self._pop()
            if item is None:
                return
            if isinstance(item, Ticket):
                self._items.append(item)
                continue
            self.drops.add(item[0], reason)
            if not self._is_full():
                return

    def _pop(self) -> Union[Line, Ticket, None]:
        try:
            item = self._items.popleft()
        except IndexError:
            self._bytes = 0
            return None
        if type(item) is tuple:
            self._bytes -= len(item[2]) + LINE_OVERHEAD
        return item
