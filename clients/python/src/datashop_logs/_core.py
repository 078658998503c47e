"""A publisher's machinery in one process: the queue, the thread that empties it, and their end.

A fork replaces all of it except the configuration: the child has neither the thread, nor the right
to the connection, nor a reason to send the lines of its parent.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import Optional, TypedDict

from . import _guard, _lifecycle
from ._channel import Channels
from ._config import Config
from ._encode import encode
from ._queue import LineQueue, Ticket
from ._report import counted
from ._sender import Sender

#: The end of a timeout, in seconds, that is reserved for the count of what will not be sent.
_FOR_MARKER = 0.5
#: How long an exchange that was aborted may take to end.
_FOR_ABORT = 0.1
#: After a thread could not be started, such as at the system's limit.
_START_AGAIN = 1.0


class Stats(TypedDict):
    """Counters of a publisher in this process."""

    #: Not stored yet, whether waiting or being sent.
    queued: int
    stored: int
    #: Lines that a retry sent again, and that the gateway recognized.
    duplicates: int
    refused: int
    #: Includes the refused ones.
    dropped: int
    #: Attempts that failed.
    failures: int
    #: `None` while the gateway accepts lines.
    last_error: Optional[str]


class _Run:
    """What belongs to one process."""

    def __init__(self, config: Config) -> None:
        # next() of a count is atomic.
        numbers = itertools.count(1)
        self.next_number = numbers.__next__
        self.lines = LineQueue(config.max_lines, config.max_bytes)
        self.sender = Sender(config, self.lines, self.next_number)
        self.is_running = False
        self.start_after = 0.0
        #: Acquired without waiting only, so that a signal handler cannot be stuck on it.
        self.starting = threading.Lock()
        #: Held by the thread that runs the sender.
        self.turn = threading.Lock()
        #: The time after which an exiting process waits no longer.
        self.exit_deadline: Optional[float] = None

    def until(self, deadline: float) -> float:
        """Returns `deadline`, or the end of the exit timeout if that comes first.

        `logging.shutdown()`, for example, flushes and closes after the exit has waited already.
        """
        return deadline if self.exit_deadline is None else min(deadline, self.exit_deadline)


class Core:
    """Queues lines in the caller's thread and sends them in another."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._channels = Channels(config.service)
        self._is_closed = False
        self._close_result = False
        self._run = _Run(config)
        _lifecycle.register(self)

    def reset_after_fork(self) -> None:
        """Replaces everything that belongs to the parent process."""
        self._run.sender.connection.forget()
        self._run = _Run(self.config)

    def publish(
        self, workspace_id: object, workflow_id: object, log_data: object, function_id: object
    ) -> None:
        """Queues a line. Performs no I/O and never raises."""
        if not _guard.enter():
            return
        try:
            run = self._run
            sender = run.sender
            if self._is_closed or sender.unauthorized is not None:
                self._reject(sender)
                return
            channel = self._channels.of(workspace_id, workflow_id, function_id)
            line = (channel, run.next_number(), encode(log_data))
            run.lines.put(line, sender.drop_reason)
            if run.exit_deadline is not None:
                if time.monotonic() >= run.exit_deadline:
                    late = "lines logged after the exit timeout are dropped"
                    sender.reporter.say_once("exit", late)
                self._drain_here(run, run.exit_deadline)
            elif not run.is_running:
                self._start(run)
            elif sender.is_idle:
                sender.is_idle = False
                sender.wake.put(None)
        except Exception:
            # Out of memory, for example. The job must not notice.
            self._run.sender.dropped += 1
        finally:
            _guard.leave()

    def flush(self, timeout: float) -> bool:
        """Waits until every line queued so far was handled. Returns false if that took longer."""
        if _guard.is_sending():
            return False
        run = self._run
        deadline = run.until(time.monotonic() + timeout)
        return self._await(run, self._request(run, deadline))

    def close(self, timeout: float) -> bool:
        """Sends what is queued, with a single attempt if the gateway fails, and stops the thread.

        Returns whether everything was handled. Later calls return the same at once.
        """
        if _guard.is_sending() or self._is_closed:
            return self._close_result
        self._is_closed = True
        run = self._run
        deadline = run.until(time.monotonic() + timeout)
        is_handled = self._await(run, self._request(run, deadline, is_last=True))
        is_stopped = self.stop(deadline)
        self._close_result = is_handled and is_stopped
        _lifecycle.forget(self)
        return self._close_result

    def begin_exit(self, deadline: float) -> Optional[Ticket]:
        """Requests a flush for the end of the process. `await_exit` must follow."""
        run = self._run
        return self._request(run, run.until(deadline) - _FOR_MARKER)

    def await_exit(self, ticket: Optional[Ticket]) -> bool:
        """Waits for the flush that `begin_exit` has requested."""
        return self._await(self._run, ticket)

    def end(self, deadline: float) -> None:
        """Stops the thread. From now on, lines are sent in the thread that logs them."""
        run = self._run
        run.exit_deadline = run.until(deadline)
        self.stop(run.exit_deadline)

    def stop(self, deadline: float) -> bool:
        """Ends the thread after a last attempt. Returns whether it sent everything.

        If time runs out while the gateway accepts lines, it receives the count of the others.
        """
        run = self._run
        sender = run.sender
        sender.is_closing = True
        sender.wake.put(None)
        is_ended = _acquire(run.turn, deadline - _FOR_MARKER)
        if not is_ended:
            sender.is_hurried = True
            is_ended = _acquire(run.turn, deadline - _FOR_ABORT)
        if not is_ended:
            sender.connection.abort()
            is_ended = _acquire(run.turn, max(deadline, time.monotonic() + _FOR_ABORT))
        if not is_ended:
            # Blocked by name resolution, for example. The thread ends with the process.
            lost = f"{counted(sender.pending())} not sent: {self.config.address} does not answer"
            sender.reporter.say_once("lost", lost)
            return False
        try:
            if not sender.is_drained():
                # No thread could be started.
                with _guard.Sending():
                    sender.drain(max(deadline, time.monotonic() + _FOR_ABORT))
            return sender.is_drained() and sender.last_error is None
        finally:
            run.turn.release()

    def abandon(self) -> None:
        """Lets the thread end once everything was sent. Returns at once."""
        sender = self._run.sender
        sender.is_abandoned = True
        sender.wake.put(None)
        # Otherwise the thread, or the end of the process, does it after the last line.
        if sender.is_drained() and not self._run.is_running:
            _lifecycle.forget(self)

    def stats(self) -> Stats:
        """Returns counters of this process."""
        run = self._run
        sender = run.sender
        totals = sender.delivery.totals
        return {
            "queued": sender.pending(),
            "stored": totals.stored,
            "duplicates": totals.duplicates,
            "refused": totals.refused,
            "dropped": sender.dropped + run.lines.drops.total(),
            "failures": sender.failures,
            "last_error": sender.last_error,
        }

    def _reject(self, sender: Sender) -> None:
        # Approximate if several threads get here at once: after the end, no marker needs it.
        sender.dropped += 1
        if self._is_closed:
            sender.reporter.say_once("closed", "lines logged after close() are dropped")

    def _request(self, run: _Run, deadline: float, is_last: bool = False) -> Optional[Ticket]:
        """Queues a ticket behind all lines. Returns `None` if no thread will answer it."""
        sender = run.sender
        if not run.is_running and not sender.is_drained():
            self._start(run)
        if not run.is_running or run.exit_deadline is not None:
            sender.is_closing = sender.is_closing or is_last
            if not sender.is_drained():
                self._drain_here(run, deadline)
            return None
        ticket = Ticket(deadline)
        sender.flushes.add(ticket)
        run.lines.put_ticket(ticket)
        sender.is_closing = sender.is_closing or is_last
        sender.wake.put(None)
        return ticket

    def _await(self, run: _Run, ticket: Optional[Ticket]) -> bool:
        """Returns whether everything in front of the ticket was handled in time."""
        if ticket is None:
            return run.sender.is_drained()
        try:
            if not run.sender.is_closing and run.sender.paused_until > ticket.deadline:
                # The gateway asked for a longer pause.
                return False
            return ticket.wait()
        finally:
            run.sender.flushes.discard(ticket)

    def _start(self, run: _Run) -> None:
        """Starts the thread, unless another caller is doing so, or the interpreter refuses."""
        if not run.starting.acquire(blocking=False):
            return
        try:
            if run.is_running or time.monotonic() < run.start_after or run.exit_deadline:
                return
            _lifecycle.prepare_child()
            thread = threading.Thread(
                target=self._send, args=(run,), name="datashop-logs", daemon=True
            )
            run.is_running = True
            thread.start()
        except BaseException as error:
            run.is_running = False
            run.start_after = time.monotonic() + _START_AGAIN
            # RuntimeError: the interpreter is shutting down, or there are too many threads. The
            # next flush, or the end of the process, sends the lines.
            if not isinstance(error, RuntimeError):
                raise
        finally:
            run.starting.release()

    def _send(self, run: _Run) -> None:
        with _guard.Sending(), run.turn:
            try:
                run.sender.run()
            finally:
                run.is_running = False
                run.sender.connection.close()
                if run.sender.is_abandoned:
                    _lifecycle.forget(self)

    def _drain_here(self, run: _Run, deadline: float) -> None:
        """Sends in this thread, because no other can be started."""
        if _acquire(run.turn, deadline):
            try:
                with _guard.Sending():
                    run.sender.drain(deadline)
            finally:
                run.turn.release()


def _acquire(lock: threading.Lock, deadline: float) -> bool:
    # With a timeout of 0, acquire() tries once.
    return lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
