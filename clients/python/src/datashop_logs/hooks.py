"""Connections to frameworks whose processes or tasks end in their own ways."""

from __future__ import annotations

import logging
from typing import Any, Callable, Optional

from .publisher import LogPublisher


def connect_celery(
    publisher: LogPublisher, handler: Optional[logging.Handler] = None, timeout: float = 2.0
) -> None:
    """Flushes `publisher` after each Celery task and when a worker process ends.

    Celery replaces the handlers of the root logger when a worker starts. If `handler` is passed,
    it is added to the root logger after that, and to the logger of each task.
    """
    from celery import signals

    def flush(**_: Any) -> None:
        publisher.flush(timeout)

    def add_handler(logger: logging.Logger, **_: Any) -> None:
        if handler is not None and handler not in logger.handlers:
            logger.addHandler(handler)

    # Strong references: otherwise these functions would be forgotten when this one returns.
    signals.task_postrun.connect(flush, weak=False)
    signals.worker_process_shutdown.connect(flush, weak=False)
    signals.after_setup_logger.connect(add_handler, weak=False)
    signals.after_setup_task_logger.connect(add_handler, weak=False)


def flush_callback(publisher: LogPublisher, timeout: float = 5.0) -> Callable[[Any], None]:
    """Returns a function of one ignored argument that flushes `publisher`.

    For Airflow, whose task processes end without `atexit`: pass it as `on_success_callback`,
    `on_failure_callback` and `on_retry_callback`.
    """

    def flush(_context: Any) -> None:
        publisher.flush(timeout)

    return flush
