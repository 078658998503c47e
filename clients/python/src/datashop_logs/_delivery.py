"""Sends lines to whichever gateway is there, and decides what its answers mean for each line.

A gateway that knows batches receives NDJSON. An older one receives one request per line.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Sequence

from ._config import Config
from ._queue import Line
from ._retry import retry_after
from ._transport import Answer, Connection

_BATCH_ROUTE = "/logs/publish"
#: The Node gateway has only the first, the FastAPI backend only the second.
_SINGLE_ROUTES = ("/api/logs/publish", "/logs/stream")
#: A gateway without batches may be replaced by one with batches.
_TRY_BATCHES_AGAIN = 300.0
_WITHOUT_BATCHES = frozenset({400, 404, 405, 415, 422})
_NDJSON = {"Content-Type": "application/x-ndjson"}
_WITHOUT_ROUTE = frozenset({404, 405})
_REFUSED_LINE = frozenset({400, 413, 415, 422})
_REFUSED_TOKEN = frozenset({401, 403})
#: What the gateway answers with its reason, and what any server in front of it may answer too.
_AMBIGUOUS = _REFUSED_TOKEN | {400, 415, 422}
#: A log without ids. Every gateway refuses it in its own words.
_PROBE = b"{}"


class Retry(Exception):
    """The lines stay; they are sent again after a pause."""

    def __init__(
        self,
        trouble: str,
        detail: str,
        pause: Optional[float] = None,
        has_progressed: bool = False,
    ) -> None:
        super().__init__(detail)
        self.trouble = trouble
        self.pause = pause
        #: Whether other lines of the same request were accepted.
        self.has_progressed = has_progressed


class Unauthorized(Exception):
    """The gateway refuses the token: no line will ever be accepted."""


@dataclass
class Totals:
    """What became of the lines that were sent."""

    stored: int = 0
    duplicates: int = 0
    refused: int = 0


@dataclass
class Delivery:
    """The lines that are being sent, in the parts in which the gateway accepts them."""

    connection: Connection
    #: Called for each line that the gateway refused for good, with the reason.
    refused: Callable[[Line, str], None]
    totals: Totals = field(default_factory=Totals)

    def __post_init__(self) -> None:
        # Identifies a line among those of all processes, so that a retry stores nothing twice.
        self.config: Config = self.connection.config
        self._process = os.urandom(6).hex().encode("ascii")
        self._parts: Deque[List[Line]] = deque()
        self._single_until = 0.0
        self._single_route = 0

    def add(self, lines: List[Line]) -> None:
        self._parts.append(lines)

    def is_done(self) -> bool:
        return not self._parts

    def is_single(self) -> bool:
        """Returns whether the gateway lacks batches, as far as is known."""
        return time.monotonic() < self._single_until

    def take_back(self) -> List[Line]:
        """Removes and returns the lines that were not delivered."""
        lines = [line for part in self._parts for line in part]
        self._parts.clear()
        return lines

    def numbers(self) -> List[int]:
        """Returns the numbers of the lines that were not delivered. Any thread may call it."""
        try:
            return [number for part in list(self._parts) for _, number, _ in part]
        except RuntimeError:
            # Changed by a finalizer that ran while the parts were copied.
            return []

    def step(self) -> bool:
        """Sends one part. Returns whether the fate of its lines is known.

        Raises `Retry` if the gateway cannot be reached or accepts nothing now, and
        `Unauthorized` if it refuses the token.
        """
        parts = len(self._parts)
        part = self._parts[0]
        if not self.is_single():
            self._send_batch(part)
        elif len(part) > 1:
            self._split(part, 1)
        else:
            self._send_single(part[0])
        return len(self._parts) < parts

    def _send_batch(self, part: Sequence[Line]) -> None:
        body = b"\n".join(
            channel.body_with_id(self._id(number), data) for channel, number, data in part
        )
        answer = self.connection.post(_BATCH_ROUTE, body, _NDJSON, compress=True)
        self._check_token(answer)
        if answer.status in _REFUSED_TOKEN:
            self._blocked(part, answer, _BATCH_ROUTE, _NDJSON)
        elif answer.status in (200, 207) and answer.is_cut and len(part) > 1:
            # The ids keep the lines that were stored from being stored again.
            self._split(part, (len(part) + 1) // 2)
        elif answer.status in (200, 207):
            self._settle(part, answer)
        elif answer.status == 413 and len(part) > 1:
            self._split(part, (len(part) + 1) // 2)
        elif answer.status == 413:
            self._refuse(part[0], "longer than the gateway accepts")
            self._parts.popleft()
        elif answer.status in _WITHOUT_BATCHES:
            self._single_until = time.monotonic() + _TRY_BATCHES_AGAIN
        else:
            raise _unexpected(self.config, answer)

    def _settle(self, part: Sequence[Line], answer: Answer) -> None:
        """Applies the answer to a batch, which lists the lines that were refused."""
        result = _object(answer)
        errors = result.get("errors", [])
        if not isinstance(result.get("stored"), int) or not isinstance(errors, list):
            raise _foreign(answer)
        refused: Dict[int, str] = {}
        waiting: Dict[int, int] = {}
        for error in errors:
            number = error.get("line") if isinstance(error, dict) else None
            if not isinstance(number, int) or not 1 <= number <= len(part):
                raise _foreign(answer)
            refused[number] = _quoted(self.config, error.get("error"))
            status = error.get("status")
            if isinstance(status, int) and _is_for_now(status):
                waiting[number] = status
        for number, reason in refused.items():
            if number not in waiting:
                self._refuse(part[number - 1], reason)
        duplicates = result.get("duplicates", 0)
        self.totals.stored += len(part) - len(refused)
        self.totals.duplicates += duplicates if isinstance(duplicates, int) else 0
        self._parts.popleft()
        if waiting:
            self._parts.appendleft([part[number - 1] for number in sorted(waiting)])
            first = min(waiting)
            has_progressed = len(waiting) < len(part)
            raise _later(self.config, answer, waiting[first], refused[first], has_progressed)

    def _send_single(self, line: Line) -> None:
        channel, number, data = line
        headers = {
            "Content-Type": "application/json",
            # Ignored by older gateways.
            "Idempotency-Key": self._id(number).decode("ascii"),
        }
        # Not compressed: FastAPI, for example, does not decompress requests.
        route = _SINGLE_ROUTES[self._single_route]
        answer = self.connection.post(route, channel.body(data), headers)
        if answer.status in _WITHOUT_ROUTE:
            answer = self._try_other_route(channel.body(data), headers)
        self._check_token(answer)
        if answer.status in _AMBIGUOUS and not _is_object(answer):
            # Perhaps it is also what made the gateway look as if it lacked batches.
            self._single_until = 0.0
            self._blocked([line], answer, _SINGLE_ROUTES[self._single_route], headers)
            return
        if answer.status == 200:
            if _object(answer).get("success") is not True:
                raise _foreign(answer)
            self.totals.stored += 1
        elif answer.status in _REFUSED_LINE:
            self._refuse(line, _quoted(self.config, _object_or_empty(answer).get("error")))
        else:
            raise _unexpected(self.config, answer)
        self._parts.popleft()

    def _try_other_route(self, body: bytes, headers: Dict[str, str]) -> Answer:
        other = 1 - self._single_route
        answer = self.connection.post(_SINGLE_ROUTES[other], body, headers)
        if answer.status in _WITHOUT_ROUTE:
            # Perhaps the gateway is being replaced: start over with batches.
            self._single_until = 0.0
            detail = f"{self.config.address} has no route to publish to: check the address"
            raise Retry("gateway unreachable", detail)
        self._single_route = other
        return answer

    def _check_token(self, answer: Answer) -> None:
        if answer.status in _REFUSED_TOKEN and _is_object(answer):
            reason = _quoted(self.config, _object(answer).get("error"))
            raise Unauthorized(f"{answer.status}: {reason}")

    def _blocked(
        self, part: Sequence[Line], answer: Answer, route: str, headers: Mapping[str, str]
    ) -> None:
        """Handles a refusal by a server in front of the gateway, such as a firewall.

        It may object to the content of one line, which must not hold up the others, or to
        everything, in which case all lines are kept.
        """
        if answer.status == 401:
            raise _foreign(answer)
        if len(part) > 1:
            self._split(part, (len(part) + 1) // 2)
            return
        probe = self.connection.post(route, _PROBE, headers)
        self._check_token(probe)
        if probe.status >= 500 or not _is_object(probe):
            raise _foreign(answer)
        self._refuse(part[0], f"a server in front of the gateway answered {answer.status}")
        self._parts.popleft()

    def _split(self, part: Sequence[Line], size: int) -> None:
        self._parts.popleft()
        pieces = [list(part[at : at + size]) for at in range(0, len(part), size)]
        self._parts.extendleft(reversed(pieces))

    def _refuse(self, line: Line, reason: str) -> None:
        self.totals.refused += 1
        self.refused(line, reason)

    def _id(self, number: int) -> bytes:
        return b"%s-%d" % (self._process, number)


def _unexpected(config: Config, answer: Answer) -> Retry:
    status = answer.status
    if 300 <= status < 400:
        detail = f"{config.address} redirects ({status}), which is not followed: use the final URL"
        return Retry("gateway unreachable", detail)
    reason = _quoted(config, _object_or_empty(answer).get("error"))
    return _later(config, answer, status, reason)


def _is_for_now(status: int) -> bool:
    """Returns whether a line with this status is accepted later, such as above a rate."""
    return status in (408, 429) or status >= 500


def _later(
    config: Config, answer: Answer, status: int, reason: str, has_progressed: bool = False
) -> Retry:
    pause = retry_after(answer.header("retry-after"), time.time())
    detail = f"{config.address} answered {status}: {reason}"
    return Retry(f"gateway answered {status}", detail, pause, has_progressed)


def _foreign(answer: Answer) -> Retry:
    kind = answer.header("content-type") or "no content type"
    detail = f"status {answer.status} with {kind[:80]} is not a gateway's answer: check the address"
    return Retry("gateway unreachable", detail)


def _object(answer: Answer) -> Dict[str, Any]:
    """Returns the body as an object. A login page or another service has none."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _foreign(answer)
    return value


def _is_object(answer: Answer) -> bool:
    try:
        _object(answer)
    except Retry:
        return False
    return True


def _object_or_empty(answer: Answer) -> Dict[str, Any]:
    try:
        return _object(answer)
    except Retry:
        return {}


def _quoted(config: Config, error: object) -> str:
    """Returns the server's words, shortened and without the token."""
    return config.hide_token(error)[:200] if isinstance(error, str) else "no reason given"
