"""The public publisher."""

from __future__ import annotations

import weakref
from typing import Any, Optional, Tuple, Type

from ._address import Address
from ._config import Config, Redact
from ._core import Core, Stats


class LogPublisher:
    """Publishes logs to a gateway without ever blocking or failing the job that logs.

    Lines are queued in memory and sent by a background thread, which starts with the first line.
    If the gateway cannot be reached, they are kept up to a limit; then the oldest are dropped, and
    a line that counts them is published once the gateway is back. The constructor raises
    `ValueError` for an invalid argument; nothing after it raises.

    Args:
        url: The gateway, such as `https://logs.example.org`.
        token: The service's token. It appears in no error and no `repr`, but a pickle contains it.
        service: The service that the token belongs to.
        max_lines: How many lines are kept in memory at most.
        max_bytes: How many bytes they use at most.
        linger: How many seconds a line may wait for others to be sent with it.
        connect_timeout: How many seconds a connection may take.
        answer_timeout: How many seconds a request may take.
        exit_timeout: How many seconds the end of the process may be delayed by pending lines.
        sigterm: Whether SIGTERM flushes before it ends the process. `None`: if the process has no
            handler of its own. `True`: always, and the previous handler runs afterwards.
        compress: Whether batches are compressed with gzip.
        redact: Called in the background thread with each log as decoded JSON. Returns the log to
            send. If it raises, the line is dropped and counted.
        ca_file: Certificates to trust instead of the system's.
    """

    def __init__(
        self,
        url: str,
        token: str,
        service: str = Config.service,
        *,
        max_lines: int = Config.max_lines,
        max_bytes: int = Config.max_bytes,
        linger: float = Config.linger,
        connect_timeout: float = Config.connect_timeout,
        answer_timeout: float = Config.answer_timeout,
        exit_timeout: float = Config.exit_timeout,
        sigterm: Optional[bool] = Config.sigterm,
        compress: bool = Config.compress,
        redact: Optional[Redact] = Config.redact,
        ca_file: Optional[str] = Config.ca_file,
    ) -> None:
        self._begin(
            Config(
                address=Address.parse(url),
                token=token,
                service=service,
                max_lines=max_lines,
                max_bytes=max_bytes,
                linger=linger,
                connect_timeout=connect_timeout,
                answer_timeout=answer_timeout,
                exit_timeout=exit_timeout,
                sigterm=sigterm,
                compress=compress,
                redact=redact,
                ca_file=ca_file,
            )
        )

    def publish(
        self,
        workspace_id: str,
        workflow_id: Optional[str],
        log_data: Any,
        *,
        function_id: Optional[str] = None,
    ) -> None:
        """Queues one log and returns. Never blocks, never raises.

        The log is encoded before the call returns, so later changes to `log_data` do not reach it.
        Any value is accepted: what JSON lacks is written as text. `function_id` takes precedence
        over `workflow_id`; with neither, the log belongs to the whole service.
        """
        self._core.publish(workspace_id, workflow_id, log_data, function_id)

    def flush(self, timeout: Optional[float] = None) -> bool:
        """Waits until all lines published so far were handled: stored, or dropped and counted.

        Retries until `timeout` seconds have passed (default: `exit_timeout`). Returns false if
        lines are left; they remain queued.
        """
        return self._core.flush(self._seconds(timeout))

    def close(self, timeout: Optional[float] = None) -> bool:
        """Sends what is queued and stops the background thread. Can be called repeatedly.

        Unlike `flush`, it does not wait for a gateway that is down: after one more attempt, the
        lines are counted as lost on standard error. Returns whether all lines were handled.
        """
        return self._core.close(self._seconds(timeout))

    def stats(self) -> Stats:
        """Returns counters of this process."""
        return self._core.stats()

    def __enter__(self) -> LogPublisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.close()

    def __repr__(self) -> str:
        config = self._core.config
        return f"LogPublisher({str(config.address)!r}, token='***', service={config.service!r})"

    def __reduce__(self) -> Tuple[Any, Tuple[Type[LogPublisher], Config]]:
        """Pickles the configuration only: the copy has a queue and a thread of its own."""
        return _restored, (type(self), self._core.config)

    def _begin(self, config: Config) -> None:
        self._core = Core(config)
        # A publisher that is no longer used must not keep its thread.
        finalizer = weakref.finalize(self, _abandon, self._core)
        finalizer.atexit = False

    def _seconds(self, timeout: Optional[float]) -> float:
        return self._core.config.exit_timeout if timeout is None else max(0.0, timeout)


def _restored(kind: Type[LogPublisher], config: Config) -> LogPublisher:
    publisher = kind.__new__(kind)
    publisher._begin(config)
    return publisher


def _abandon(core: Core) -> None:
    """Lets the thread end once the queue is empty. Runs in a finalizer, so it must not wait."""
    core.abandon()
