"""The ends and the forks of a process: what happens to queued lines at each of them."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Set

if TYPE_CHECKING:
    from ._core import Core

#: Strong references: lines must be sent although their publisher was garbage collected.
_cores: Set[Core] = set()
_previous_sigterm: Any = None
_is_terminating = False
_is_installed = False
_is_forked = False
_is_child_prepared = False


def register(core: Core) -> None:
    _cores.add(core)
    if core.config.sigterm is not False:
        _catch_sigterm(is_asked=core.config.sigterm is True)


def forget(core: Core) -> None:
    _cores.discard(core)


def flush_all(deadline: float) -> None:
    """Flushes all publishers at the same time."""
    pending = [(core, core.begin_exit(deadline)) for core in list(_cores)]
    for core, ticket in pending:
        core.await_exit(ticket)


def prepare_child() -> None:
    """Registers the exit of a process of multiprocessing or Celery, which skip `atexit`.

    Called for the first line of a process. Earlier is too early: these packages forget what was
    registered before the fork.
    """
    global _is_child_prepared
    if _is_child_prepared:
        return
    _is_child_prepared = True
    process: Any = sys.modules.get("multiprocessing.process")
    # A child of a fork server was not forked from a process with this package.
    if process is not None and process.parent_process() is not None:
        _finalize("multiprocessing.util")
    if _is_forked:
        # Celery's copy of multiprocessing.
        _finalize("billiard.util")


def _finalize(module: str) -> None:
    util: Any = sys.modules.get(module)
    if util is not None:
        # The lowest priority that runs before remaining children are joined.
        util.Finalize(None, _at_exit, exitpriority=0)


def _at_exit() -> None:
    cores = list(_cores)
    if not cores:
        return
    deadline = time.monotonic() + max(core.config.exit_timeout for core in cores)
    flush_all(deadline)
    for core in cores:
        core.end(deadline)


def _in_child() -> None:
    global _is_forked, _is_child_prepared, _is_terminating
    _is_forked = True
    _is_child_prepared = False
    _is_terminating = False
    for core in list(_cores):
        core.reset_after_fork()


def _catch_sigterm(is_asked: bool) -> None:
    """Installs the handler, in the main thread only, where Python allows it.

    Unless asked to, it leaves a handler of the host alone: such a handler usually ends in
    `sys.exit`, which flushes.
    """
    global _previous_sigterm, _is_installed
    if _is_installed or threading.current_thread() is not threading.main_thread():
        return
    previous = signal.getsignal(signal.SIGTERM)
    # None: installed by something other than Python, so it could not be called.
    if previous is None or not (is_asked or previous == signal.SIG_DFL):
        return
    try:
        signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:
        # A subinterpreter.
        return
    _previous_sigterm = previous
    _is_installed = True


def _on_sigterm(signum: int, frame: Any) -> None:
    """Flushes, then does what would have happened without this handler."""
    global _is_terminating
    # A second signal means that the sender will not wait.
    if not _is_terminating:
        _is_terminating = True
        _send_in_signal(is_last=_previous_sigterm == signal.SIG_DFL)
    previous = _previous_sigterm
    if callable(previous):
        _is_terminating = False
        previous(signum, frame)
    elif previous == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
        # The kernel discards the signal for process 1 of a container. This is the status that a
        # shell reports for the signal.
        os._exit(128 + signum)
    else:
        _is_terminating = False


def _send_in_signal(is_last: bool) -> bool:
    timeouts = [core.config.exit_timeout for core in list(_cores)]
    try:
        if is_last:
            _at_exit()
        else:
            flush_all(time.monotonic() + max(timeouts, default=0.0))
    except Exception:
        # Such as in the hub of gevent, which must not wait. The process ends nevertheless.
        return False
    return True


atexit.register(_at_exit)
# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
