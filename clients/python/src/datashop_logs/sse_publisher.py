"""The interface of the first publisher, on top of `LogPublisher`.

Existing jobs call `publish_etl_log` unchanged. Environment variables configure it:
`DATASHOP_LOGS_URL`, `DATASHOP_LOGS_TOKEN` and `DATASHOP_LOGS_SERVICE`.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Optional

from ._environment import MissingSetting, publisher_from_environment
from ._report import write
from .publisher import LogPublisher

_publisher: Optional[LogPublisher] = None
_problem: Optional[str] = None
_lock = threading.RLock()


def publish_etl_log(workspace_id: str, workflow_id: str, log_data: Any) -> bool:
    """Publishes one log of an ETL job. Never blocks, never raises.

    Returns whether the log was accepted for delivery. It is not if the environment lacks the
    gateway's URL or the token, which is reported once on standard error.
    """
    publisher = _publisher or _created()
    if publisher is None:
        return False
    publisher.publish(workspace_id, workflow_id, log_data)
    return True


def flush(timeout: Optional[float] = None) -> bool:
    """Waits until the logs published so far were handled, at most `timeout` seconds."""
    return _publisher is None or _publisher.flush(timeout)


def _created() -> Optional[LogPublisher]:
    global _publisher, _problem
    new_problem: Optional[str] = None
    # The first call only.
    with _lock:
        if _publisher is None and _problem is None:
            try:
                _publisher = publisher_from_environment()
            except (MissingSetting, ValueError) as error:
                _problem = new_problem = str(error)
    if new_problem is not None:
        # Without the lock: standard error may block, and what it is replaced by may log.
        write(f"publish_etl_log publishes nothing: {new_problem}")
    return _publisher


def _in_child() -> None:
    """Replaces the lock, which another thread of the parent process may have held."""
    global _lock
    _lock = threading.RLock()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
