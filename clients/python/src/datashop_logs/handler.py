"""A handler for the standard `logging` module."""

from __future__ import annotations

import copy
import logging
from datetime import datetime, timezone
from typing import Any, Dict, Optional

from . import _guard
from ._encode import text_of
from .publisher import LogPublisher

#: What `logging` itself sets on a record. Everything else came from `extra` or a filter.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: The attributes of a record that select another channel than the handler's.
_IDS = frozenset({"workspace_id", "workflow_id", "function_id"})


class LogHandler(logging.Handler):
    """Publishes log records.

    Each record becomes a log with `level`, `message`, `timestamp`, `logger`, where it was logged,
    `exception` with the traceback, and the fields of `extra`. `extra` may name `workspace_id`,
    `workflow_id` or `function_id` to choose another channel for one record.

    Args:
        publisher: The publisher to use. Without it, `url` and `token` create one, which the
            handler closes; this form can be used in `dictConfig`.
        workspace_id: The workspace of records that name none.
        workflow_id: The workflow of records that name none.
        level: The lowest level to publish.
        options: The arguments of `LogPublisher`, such as `url`, `token` and `service`.
    """

    def __init__(
        self,
        publisher: Optional[LogPublisher] = None,
        *,
        workspace_id: str,
        workflow_id: Optional[str] = None,
        level: int = logging.NOTSET,
        **options: Any,
    ) -> None:
        super().__init__(level)
        if publisher is not None and options:
            raise TypeError(f"publisher and {', '.join(options)}: expected one or the other")
        self.publisher = publisher if publisher is not None else LogPublisher(**options)
        self._is_owner = publisher is None
        self._workspace_id = workspace_id
        self._workflow_id = workflow_id
        # Otherwise basicConfig() sets one that repeats the level and the logger in the message.
        self.setFormatter(_MESSAGE_ONLY)

    def handle(self, record: logging.LogRecord) -> bool:
        """Publishes a record that passes the filters. Ignores what the sending thread logs."""
        # Before the lock: logging.shutdown() holds it while it waits for the sending thread.
        if _guard.is_sending():
            return False
        return super().handle(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Publishes a record as it is now. Never raises."""
        # What the sending thread logs would lead to another line for each line.
        if _guard.is_sending():
            return
        try:
            fields = record.__dict__
            self.publisher.publish(
                fields.get("workspace_id", self._workspace_id),
                fields.get("workflow_id", self._workflow_id),
                self._log_of(record),
                function_id=fields.get("function_id"),
            )
        except Exception:
            # Not handleError(), which prints a traceback for each record.
            return

    def flush(self) -> None:
        """Waits for the lines published so far, at most the publisher's `exit_timeout`."""
        self.publisher.flush()

    def close(self) -> None:
        """Closes the publisher if this handler has created it."""
        try:
            if self._is_owner:
                self.publisher.close()
        finally:
            super().close()

    def __getstate__(self) -> Dict[str, Any]:
        """Pickles the configuration without the lock."""
        state = self.__dict__.copy()
        state["lock"] = None
        return state

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.createLock()

    def _log_of(self, record: logging.LogRecord) -> Dict[str, Any]:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        log: Dict[str, Any] = {
            "level": record.levelname,
            "message": self._message(record),
            "timestamp": moment.isoformat(timespec="microseconds"),
            "logger": record.name,
            "file": record.pathname,
            "line": record.lineno,
            "function": record.funcName,
            "process": record.process,
            "thread": record.threadName,
        }
        exception = self._exception(record)
        if exception is not None:
            log["exception"] = exception
        if record.stack_info:
            log["stack"] = text_of(record.stack_info)
        for name, value in record.__dict__.items():
            if name not in _STANDARD and name not in _IDS:
                # A field of `extra` does not replace one of the record.
                log[f"extra.{name}" if name in log else name] = value
        return log

    def _message(self, record: logging.LogRecord) -> str:
        try:
            if self.formatter is None or self.formatter is _MESSAGE_ONLY:
                return record.getMessage()
            # format() changes the record, which other handlers use too. The exception has a field
            # of its own.
            own = copy.copy(record)
            own.exc_info = own.exc_text = own.stack_info = None
            return self.formatter.format(own)
        except Exception as error:
            arguments = text_of(record.args)
            return f"{text_of(record.msg)} (arguments {arguments}: {type(error).__name__})"

    def _exception(self, record: logging.LogRecord) -> Optional[Dict[str, Any]]:
        info = record.exc_info
        # A record of another process has only the text.
        if not info or not isinstance(info, tuple) or info[0] is None:
            return {"traceback": record.exc_text} if record.exc_text else None
        exception: Dict[str, Any] = {"type": info[0].__name__, "message": text_of(info[1])}
        try:
            exception["traceback"] = (self.formatter or _FORMATTER).formatException(info)
        except Exception:
            # The exception's own text may raise.
            exception["traceback"] = record.exc_text
        return exception


_FORMATTER = logging.Formatter()

#: The formatter of a handler that is given no other.
_MESSAGE_ONLY = logging.Formatter("%(message)s")
