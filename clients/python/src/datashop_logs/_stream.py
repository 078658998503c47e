"""Reads a stream of the gateway, for the command line. Publishing does not use it."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import urlencode

from ._address import Address

#: The gateway's route, and the only one of the Node gateway.
_ROUTES = ("/logs/stream", "/api/logs/stream")
#: The longest line of a stream: a batch of 256 KiB after a log of 1 MiB.
_LONGEST_LINE = 2 << 20


class StreamError(Exception):
    """The stream was refused. `status` is the response's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"status {status}: {reason}")
        self.status = status


@dataclass(frozen=True)
class Event:
    """One event of a stream; `kind` is `message` if the server named none."""

    kind: str
    data: str
    last_id: str

    def logs(self) -> Iterator[Tuple[Any, Dict[str, Any]]]:
        """Returns the entries of this event with their envelopes, which bare entries lack."""
        if self.kind not in ("message", "batch"):
            return
        try:
            value = json.loads(self.data)
        except (ValueError, RecursionError):
            yield self.data, {}
            return
        for item in value if self.kind == "batch" and isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                yield item, {}
            elif item.get("type") == "connection" and "status" in item:
                continue
            elif "channel" in item and "data" in item:
                yield item["data"], item
            else:
                yield item, {}

    def fields(self) -> Dict[str, Any]:
        """Returns the data of an event of the protocol, such as a gap; empty if unreadable."""
        try:
            value = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Stream:
    """An open stream. Closes the connection when its block ends."""

    def __init__(
        self,
        address: Address,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        timeout: float,
    ) -> None:
        self._last_id = ""
        for route in _ROUTES:
            self._client = _client(address, timeout)
            try:
                path = f"{address.prefix}{route}?{urlencode(query, safe=':,')}"
                self._client.request(
                    "GET", path, headers={"Accept": "text/event-stream", **headers}
                )
                self._response = self._client.getresponse()
                if self._response.status != 404:
                    break
                self._client.close()
            except BaseException:
                self._client.close()
                raise
        self._check()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._response.close()

    def events(self) -> Iterator[Event]:
        """Yields events until the stream ends. Raises `OSError` if it is silent for too long."""
        kind = "message"
        data: List[str] = []
        while True:
            raw = self._response.readline(_LONGEST_LINE)
            if not raw:
                return
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                if data:
                    yield Event(kind, "\n".join(data), self._last_id)
                kind, data = "message", []
                continue
            name, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if name == "data":
                data.append(value)
            elif name == "event":
                kind = value or "message"
            elif name == "id" and "\0" not in value:
                self._last_id = value

    def _check(self) -> None:
        response = self._response
        kind = response.getheader("content-type", "")
        if response.status == 200 and kind.startswith("text/event-stream"):
            return
        reason = _reason(response) if response.status != 200 else f"content type {kind!r}"
        self._client.close()
        raise StreamError(response.status, reason)


def channel_of(service: str, workspace: str, resource: Optional[str]) -> str:
    return ":".join(["logs", service, workspace] + ([resource] if resource else []))


def _client(address: Address, timeout: float) -> http.client.HTTPConnection:
    if address.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=timeout, context=context
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=timeout)


def _reason(response: http.client.HTTPResponse) -> str:
    """Returns the server's words, if its body has any."""
    try:
        value = json.loads(response.read(1 << 16))
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return response.reason
    error = value.get("error") if isinstance(value, dict) else None
    return error[:200] if isinstance(error, str) else response.reason
