"""Sends what is in the queue. One thread at a time runs it; only that thread touches its state."""

from __future__ import annotations

import json
import math
import queue
import time
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Set

from ._config import Config
from ._delivery import Delivery, Retry, Unauthorized
from ._encode import encode
from ._queue import Line, LineQueue, Ticket
from ._report import Reporter, counted
from ._retry import Backoff
from ._transport import Connection, Unreachable

#: Below the gateway's limits of 1,000 lines and 8 MiB.
BATCH_LINES = 1_000
BATCH_BYTES = 1 << 20
#: Two attempts are at least this far apart, even if a flush asks for one.
_SHORTEST_PAUSE = 0.1
#: While a flush waits, attempts are at most this far apart.
_FLUSH_PAUSE = 0.5
#: Bounds the effect of a missed wake-up, and how long the count of bytes can be wrong.
_LONGEST_SLEEP = 1.0
_TOO_FAST = "published faster than the gateway accepts"


class Sender:
    """Delivers lines, with retries, until it is asked to stop."""

    def __init__(self, config: Config, lines: LineQueue, next_number: Callable[[], int]) -> None:
        self.connection = Connection(config)
        self.reporter = Reporter()
        self.delivery = Delivery(self.connection, self._refused)
        #: Why lines that do not fit into the queue are dropped now.
        self.drop_reason = _TOO_FAST
        #: Set once the gateway has refused the token.
        self.unauthorized: Optional[str] = None
        self.last_error: Optional[str] = None
        self.failures = 0
        self.dropped = 0
        #: Until when the gateway asked for a pause, in the time of `monotonic`.
        self.paused_until = 0.0
        #: Whether `wait` is waiting for lines, so that the next one has to wake it.
        self.is_idle = False
        #: No further retries: the publisher closes.
        self.is_closing = False
        #: No time is left for lines, only for their count.
        self.is_hurried = False
        #: Nothing follows: the publisher was garbage collected.
        self.is_abandoned = False
        self.wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._config = config
        self._lines = lines
        self._next_number = next_number
        self._backoff = Backoff()
        self._ticket: Optional[Ticket] = None
        self._is_ticket_marked = False
        #: The flushes that wait now.
        self.flushes: Set[Ticket] = set()
        self._markers: Set[int] = set()
        #: How many lines are being redacted: neither queued nor being delivered.
        self._redacting = 0
        self._recounted_at = 0.0
        self._is_draining = False

    def is_drained(self) -> bool:
        """Returns whether there is nothing to send, not even a marker."""
        is_empty = not self._lines and not self._lines.drops and self._ticket is None
        return is_empty and self.delivery.is_done()

    def pending(self) -> int:
        """Returns how many lines are queued or being sent, without markers."""
        sending = sum(number not in self._markers for number in self.delivery.numbers())
        return self._lines.count_lines() + self._redacting + sending

    def run(self) -> None:
        """Sends until the publisher closes."""
        while not ((self.is_closing or self.is_abandoned) and self.is_drained()):
            try:
                if not self.advance():
                    self._wait_for_lines()
            except Exception as error:
                self._crashed(error)

    def drain(self, deadline: float) -> None:
        """Sends what there is now in the caller's thread, until a failure or `deadline`."""
        self.connection.until = deadline
        self._is_draining = True
        failures = self.failures
        try:
            while time.monotonic() < deadline and self.failures == failures and self.advance():
                continue
        finally:
            self._is_draining = False
            self.connection.until = math.inf
            self.connection.close()

    def advance(self) -> bool:
        """Performs one step. Returns false if there is nothing to do."""
        self._recount()
        if self.unauthorized is not None:
            return self._discard()
        if self.is_hurried:
            for ticket in self._lines.drop_all("the process ended before they were sent"):
                ticket.answer(False)
        if self.delivery.is_done():
            self._finish_ticket()
        if self.delivery.is_done() and not self._load():
            return False
        try:
            if not self.delivery.is_done() and self.delivery.step():
                self._succeeded()
        except Unreachable as error:
            detail = f"{self._config.address} cannot be reached: {error}"
            self._failed(Retry("gateway unreachable", detail))
        except Retry as retry:
            self._failed(retry)
        except Unauthorized as error:
            self._stop(str(error))
        return True

    def _load(self) -> bool:
        """Loads the next batch. Returns false if there is none."""
        markers = self._new_markers()
        lines, self._ticket = self._lines.take(BATCH_LINES - len(markers), BATCH_BYTES)
        self._is_ticket_marked = False
        batch = markers + lines
        if self._config.redact is not None:
            self._redacting = len(lines)
            try:
                batch = markers + self._redacted(lines, self._config.redact)
            finally:
                self._redacting = 0
        if batch:
            self.delivery.add(batch)
        return bool(markers or lines or self._ticket)

    def _new_markers(self) -> List[Line]:
        """Returns a line for each channel that lost lines: how many, and why."""
        markers: List[Line] = []
        drops = self._lines.drops.take()
        for channel, reason in list(drops):
            if channel is not None and len(markers) == BATCH_LINES // 2:
                self._lines.drops.add(channel, reason, drops.pop((channel, reason)))
                continue
            count = drops[channel, reason]
            self.dropped += count
            if channel is None:
                # Only standard error reports it.
                continue
            number = self._next_number()
            self._markers.add(number)
            markers.append((channel, number, encode(marker(count, reason))))
        if drops:
            total = sum(drops.values())
            self.reporter.say("dropped", f"{counted(total)} dropped: {_causes(drops)}")
        return markers

    def _redacted(self, lines: List[Line], redact: Callable[[Any], Any]) -> List[Line]:
        """Applies the hook of the host. A line for which it fails is dropped, not sent."""
        kept: List[Line] = []
        for channel, number, data in lines:
            try:
                kept.append((channel, number, encode(redact(json.loads(data)))))
            except (Exception, SystemExit) as error:
                # Only the kind: the text may contain what was to be redacted.
                kind = type(error).__name__
                message = f"redact() raised {kind}: lines for which it fails are not sent"
                self.reporter.say_once("redact", message)
                self._lines.drops.add(channel, "redaction failed")
        return kept

    def _succeeded(self) -> None:
        if self.drop_reason != _TOO_FAST:
            self.reporter.say("recovered", f"{self._config.address} accepts lines again")
        self._backoff.succeeded()
        self.paused_until = 0.0
        self.drop_reason = _TOO_FAST
        self.last_error = None
        if self.delivery.is_done():
            self._markers.clear()

    def _failed(self, retry: Retry) -> None:
        self.drop_reason = retry.trouble
        self.last_error = str(retry)
        self.failures += 1
        if self.is_closing:
            self._give_up(retry.trouble)
            return
        self.reporter.say("failed", f"{retry}; lines are kept and sent later")
        if retry.has_progressed:
            # At the gateway's rate, and not in trouble.
            self._backoff.succeeded()
        now = time.monotonic()
        if retry.pause is not None:
            # Jitter here too: all publishers were asked to wait until the same moment.
            self.paused_until = now + retry.pause + self._backoff.failed() / 4
        if not self._is_draining:
            self._pause(now, retry.pause)

    def _pause(self, since: float, asked: Optional[float]) -> None:
        """Waits before the next attempt, unless a flush or close ends the pause."""
        until = self.paused_until if asked is not None else since + self._backoff.failed()
        until = max(until, since + _SHORTEST_PAUSE)
        while not self.is_closing:
            if self.flushes and asked is None:
                until = min(until, since + _FLUSH_PAUSE)
            left = until - time.monotonic()
            if left <= 0:
                return
            try:
                self.wake.get(timeout=min(left, _LONGEST_SLEEP))
                if asked is None:
                    until = min(until, max(time.monotonic(), since + _SHORTEST_PAUSE))
            except queue.Empty:
                self._recount()

    def _give_up(self, trouble: str) -> None:
        """Counts everything as lost: the publisher closes and the last attempt failed."""
        lost = self.delivery.take_back()
        for channel, number, _ in lost:
            if number not in self._markers:
                self._lines.drops.add(channel, trouble)
        tickets = self._lines.drop_all(trouble)
        total = sum(self._lines.drops.take().values())
        self.dropped += total
        if total:
            self.reporter.say_once("lost", f"{counted(total)} not sent: {self.last_error}")
        if self._ticket is not None:
            tickets.append(self._ticket)
            self._ticket = None
        for ticket in tickets:
            ticket.answer(False)

    def _crashed(self, error: Exception) -> None:
        """Drops the current batch, so that an error in this package cannot recur for ever."""
        kind = type(error).__name__
        self.reporter.say("crashed", f"a batch was dropped after an internal error: {kind}")
        self.connection.close()
        for channel, number, _ in self.delivery.take_back():
            if number not in self._markers:
                self._lines.drops.add(channel, "internal error of the publisher")
        self._markers.clear()
        self._sleep(_SHORTEST_PAUSE)

    def _stop(self, reason: str) -> None:
        self.unauthorized = reason
        self.last_error = reason
        self.drop_reason = "token refused"
        self.reporter.say_once(
            "unauthorized",
            f"{self._config.address} refuses the token of service "
            f"{self._config.service!r} ({reason}); nothing more is published by this process",
        )
        self.connection.close()
        self._give_up("token refused")

    def _discard(self) -> bool:
        """Handles what was queued while the token was being refused."""
        had_any = bool(self._lines) or not self.delivery.is_done() or bool(self._lines.drops)
        if had_any:
            self._give_up("token refused")
        return had_any

    def _refused(self, line: Line, reason: str) -> None:
        channel, number, _ = line
        self.reporter.say("refused", f"a line for {channel.name} was refused: {reason}")
        # A marker that was refused does not lead to another.
        if number not in self._markers:
            self._lines.drops.add(channel, "refused by the gateway")

    def _finish_ticket(self) -> None:
        """Answers the ticket behind the lines just sent, after the marker of those among them."""
        if self._ticket is None:
            return
        if self._lines.drops and not self._is_ticket_marked:
            # Once only: while lines keep being dropped, there is always another marker to send.
            self._is_ticket_marked = True
            markers = self._new_markers()
            if markers:
                self.delivery.add(markers)
                return
        ticket, self._ticket = self._ticket, None
        ticket.answer(True)

    def _wait_for_lines(self) -> None:
        self.is_idle = True
        # Only now: a line that came before was not announced.
        if not self._lines and not (self.is_closing or self.is_abandoned):
            self._sleep(_LONGEST_SLEEP)
        self.is_idle = False
        if self._lines and not self.is_closing:
            # Lines seldom come alone. A flush or close ends the wait.
            self._sleep(self._config.linger)

    def _sleep(self, seconds: float) -> None:
        try:
            self.wake.get(timeout=seconds)
        except queue.Empty:
            return

    def _recount(self) -> None:
        now = time.monotonic()
        if now - self._recounted_at >= _LONGEST_SLEEP:
            self._recounted_at = now
            self._lines.recount()


def marker(count: int, reason: str) -> Dict[str, object]:
    """Returns the log that stands for lines that were dropped."""
    return {
        "level": "WARN",
        "message": f"{counted(count)} dropped: {reason}",
        "timestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "logType": "SYSTEM",
        "logger": "datashop_logs",
        "dropped": count,
        "reason": reason,
    }


def _causes(drops: Dict[Any, int]) -> str:
    return ", ".join(sorted({reason for _, reason in drops}))
