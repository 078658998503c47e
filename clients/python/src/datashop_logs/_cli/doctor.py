"""`doctor`: finds out why logs do not arrive, from this machine and with this token."""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import time
from typing import Any, Dict, Iterator, List, Optional

from .. import _environment
from .._address import Address
from .._channel import Channels
from .._config import Config
from .._delivery import Delivery, Retry, Unauthorized
from .._encode import encode
from .._stream import Event, Stream, StreamError, channel_of
from .._transport import Connection, Unreachable
from .exits import BUFFERED, CLOCK_SKEWED, OK, TOKEN_REFUSED, UNEXPECTED, UNREACHABLE

NAME = "doctor"
HELP = "check the URL, the token, the clock, and whether streams arrive at once"
DETAILS = (
    "Publishes one log to a channel of its own and reads it back. Exit codes: 0 everything works, "
    "2 wrong usage, 3 the gateway cannot be reached, 4 it refuses the token, 5 the clocks differ, "
    "6 something buffers streams, 7 an unexpected answer."
)
#: How far the clocks may differ, in seconds. Lines would be shown at the wrong time.
_MOST_SKEW = 5.0


class Problem(Exception):
    """A check that failed."""

    def __init__(self, code: int, check: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.check = check


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workspace",
        default="datashop-doctor",
        help="the workspace of the test channel; default: datashop-doctor",
    )
    command.add_argument(
        "--timeout", type=float, default=5.0, help="seconds for each check; default: 5"
    )


def run(options: argparse.Namespace) -> int:
    token = _environment.required(_environment.TOKEN)
    address = Address.parse(options.url)
    connection = Connection(Config(address, token, options.service, answer_timeout=options.timeout))
    try:
        _Check(options, connection).run()
    except Problem as problem:
        print(f"FAIL {problem.check}: {problem}")
        return problem.code
    finally:
        connection.close()
    return OK


class _Check:
    def __init__(self, options: argparse.Namespace, connection: Connection) -> None:
        self._address = connection.config.address
        self._connection = connection
        self._timeout = max(0.1, float(options.timeout))
        self._workspace = options.workspace
        self._service = connection.config.service
        self._resource = f"doctor-{os.urandom(6).hex()}"
        self._refusals: List[str] = []

    def run(self) -> None:
        self._reach()
        with self._opened() as stream:
            events = stream.events()
            self._publish()
            sent = time.time()
            envelope = self._received(events)
            arrived = time.time()
        _ok("stream", f"the log arrived {max(0.0, arrived - sent) * 1000:.0f} ms after its answer")
        self._compare_clocks(envelope, sent)

    def _reach(self) -> None:
        address = self._address
        try:
            with socket.create_connection((address.host, address.port), self._timeout):
                _ok("url", f"{address} accepts connections")
        except OSError as error:
            message = f"{address}: {error}: check the host name, the port and the firewall"
            raise Problem(UNREACHABLE, "url", message) from None

    def _publish(self) -> None:
        channel = Channels(self._service).of(self._workspace, self._resource, None)
        log = encode({"level": "INFO", "message": "datashop_logs doctor", "logType": "SYSTEM"})
        delivery = Delivery(self._connection, lambda _, why: self._refusals.append(why))
        delivery.add([(channel, 1, log)])
        try:
            while not delivery.is_done():
                delivery.step()
        except Unauthorized as error:
            message = f"the gateway refuses the token for service {self._service!r} ({error})"
            raise Problem(TOKEN_REFUSED, "token", message) from None
        except Unreachable as error:
            raise Problem(UNREACHABLE, "publish", f"{self._address}: {error}") from None
        except Retry as error:
            raise Problem(UNEXPECTED, "publish", str(error)) from None
        if self._refusals:
            is_token = "nauthorized" in self._refusals[0]
            code = TOKEN_REFUSED if is_token else UNEXPECTED
            raise Problem(code, "publish", f"the log was refused: {self._refusals[0]}")
        _ok("token", f"accepted for service {self._service!r}")
        if delivery.is_single():
            _ok("batches", "not supported by this gateway: lines are sent one by one")
        else:
            _ok("batches", "supported")

    def _opened(self) -> Stream:
        channel = channel_of(self._service, self._workspace, self._resource)
        try:
            return Stream(self._address, {"channels": channel}, {}, self._timeout)
        except StreamError as error:
            code = TOKEN_REFUSED if error.status in (401, 403) else UNEXPECTED
            raise Problem(code, "stream", f"refused: {error}") from None
        except socket.timeout:
            raise self._buffered("the head of the response") from None
        except (OSError, http.client.HTTPException) as error:
            kind = type(error).__name__
            raise Problem(UNREACHABLE, "stream", f"{self._address}: {kind}: {error}") from None

    def _received(self, events: Iterator[Event]) -> Dict[str, Any]:
        """Returns the envelope of the log that was published; bare entries have none."""
        deadline = time.monotonic() + self._timeout
        try:
            for event in events:
                for log, envelope in event.logs():
                    if isinstance(log, dict) and log.get("message") == "datashop_logs doctor":
                        return envelope
                if time.monotonic() > deadline:
                    break
        except socket.timeout:
            raise self._buffered("the log") from None
        except (OSError, http.client.HTTPException) as error:
            raise Problem(UNEXPECTED, "stream", f"broke: {type(error).__name__}") from None
        raise self._buffered("the log")

    def _compare_clocks(self, envelope: Dict[str, Any], sent: float) -> None:
        skew = _skew(envelope.get("timestamp"), sent)
        if skew is None:
            _ok("clock", "this gateway does not tell the time")
        elif abs(skew) > _MOST_SKEW:
            ahead = "ahead of" if skew > 0 else "behind"
            message = f"the gateway is {abs(skew):.0f} s {ahead} this machine: synchronize both"
            raise Problem(CLOCK_SKEWED, "clock", message)
        else:
            _ok("clock", f"differs by less than {_MOST_SKEW:.0f} s")

    def _buffered(self, what: str) -> Problem:
        message = (
            f"{what} did not arrive within {self._timeout:g} s, although publishing works or the "
            "connection is open: a proxy in between buffers or compresses streams (nginx: "
            "proxy_buffering off)"
        )
        return Problem(BUFFERED, "stream", message)


def _skew(timestamp: object, now: float) -> Optional[float]:
    """Returns how many seconds the gateway's clock is ahead."""
    if not isinstance(timestamp, (int, float)):
        return None
    return timestamp / 1000 - now


def _ok(check: str, message: str) -> None:
    print(f"ok   {check}: {message}", flush=True)
