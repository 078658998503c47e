"""One keep-alive HTTP connection to the gateway, with a deadline for each exchange.

It follows no redirect, because the target would receive the token, and uses no proxy of the
environment. Any failure is an `Unreachable` that contains neither token nor headers.
"""

from __future__ import annotations

import codecs
import http.client
import io
import math
import socket
import ssl
import sys
import time
import zlib
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

from ._config import Config
from ._version import __version__

#: Node closes connections that were idle for 5 s. Reusing one at that moment fails.
_LONGEST_IDLE = 4.0
#: A batch answer lists up to 1,000 refused lines.
_LONGEST_ANSWER = 1 << 20
#: Below this size, compression costs more than it saves.
_COMPRESS_FROM = 1_024
#: Logs shrink tenfold at the fastest level; higher levels cost much more than they save.
_LEVEL = 1
_AGENT = f"datashop-logs/{__version__} python/{sys.version_info[0]}.{sys.version_info[1]}"

# Otherwise the sending thread imports it with the first connection. A process forked at that moment
# would be left with half of it.
codecs.lookup("idna")


class Unreachable(Exception):
    """No answer of a gateway arrived."""


@dataclass(frozen=True)
class Answer:
    """The status, headers and body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: Whether the body is longer than what was read of it.
    is_cut: bool = False

    def header(self, name: str) -> Optional[str]:
        return self.headers.get(name)


class Connection:
    """Connects when needed, and keeps the connection open between requests."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._open: Optional[_Connection] = None
        self._used_at = 0.0
        #: An end for all exchanges, in the time of `monotonic`: the process is about to exit.
        self.until = math.inf

    def post(
        self, route: str, body: bytes, headers: Mapping[str, str], compress: bool = False
    ) -> Answer:
        """Sends a request and returns the answer, whatever its status is."""
        if compress and self.config.compress and len(body) >= _COMPRESS_FROM:
            body = _gzip(body)
            headers = {**headers, "Content-Encoding": "gzip"}
        if self._open is not None and time.monotonic() - self._used_at > _LONGEST_IDLE:
            self.close()
        try:
            was_used = self._open is not None
            try:
                return self._exchange(route, body, headers)
            except (ConnectionError, http.client.BadStatusLine):
                if not was_used:
                    raise
                # The server closed the idle connection at this moment: the request itself is fine.
                self.close()
                return self._exchange(route, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unreachable(self._explain(error)) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the connection. The next request opens another."""
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """Ends an exchange from another thread, which then fails."""
        connection = self._open
        if connection is not None:
            connection.abort()

    def forget(self) -> None:
        """Closes this process's copy of its parent's connection without a word to the server."""
        connection, self._open = self._open, None
        if connection is not None:
            connection.forget()

    def _exchange(self, route: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._open is None:
            self._open = _connect(self.config, self._left(self.config.connect_timeout))
        connection = self._open
        connection.deadline.after(self._left(self.config.answer_timeout))
        connection.http.request(
            "POST",
            self.config.address.prefix + route,
            body,
            {
                "X-Service-Token": self.config.token,
                "User-Agent": _AGENT,
                "Accept": "application/json",
                **headers,
            },
        )
        response = connection.http.getresponse()
        text = response.read(_LONGEST_ANSWER)
        is_cut = len(text) == _LONGEST_ANSWER and not response.isclosed()
        answer = Answer(response.status, _headers(response), text, is_cut)
        if response.will_close or not response.isclosed():
            self.close()
        self._used_at = time.monotonic()
        return answer

    def _left(self, seconds: float) -> float:
        left = min(seconds, self.until - time.monotonic())
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def _explain(self, error: Exception) -> str:
        """Describes an error. The header that `http.client` refused may be the token."""
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            return "the request could not be formed"
        name = type(error).__name__
        if isinstance(error, socket.timeout):
            return f"no answer within {self.config.answer_timeout:g} s"
        if isinstance(error, http.client.RemoteDisconnected):
            return "the connection was closed without an answer"
        text = self.config.hide_token(str(error))[:200]
        return f"{name}: {text}" if text else name


def _headers(response: http.client.HTTPResponse) -> Dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _gzip(body: bytes) -> bytes:
    # 16 selects the gzip format. zlib releases the interpreter while it works.
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


class _Deadline:
    """One limit for all reads and writes of an exchange, however few bytes each transfers."""

    def __init__(self) -> None:
        self._at = 0.0

    def after(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        left = self._at - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left


class _Connection:
    def __init__(self, client: http.client.HTTPConnection, deadline: _Deadline) -> None:
        self.http = client
        self.deadline = deadline
        self._socket: socket.socket = client.sock
        client.sock = _Limited(client.sock, deadline)

    def abort(self) -> None:
        try:
            # Not the method of an SSLSocket, after which the other thread would read ciphertext.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            # Already closed by the other thread.
            return

    def close(self) -> None:
        self.http.close()

    def forget(self) -> None:
        # TLS sends nothing either: only unwrap() would.
        self._socket.close()


def _connect(config: Config, timeout: float) -> _Connection:
    address = config.address
    client: http.client.HTTPConnection
    if address.scheme == "https":
        context = ssl.create_default_context(cafile=config.ca_file)
        client = http.client.HTTPSConnection(
            address.host, address.port, timeout=timeout, context=context
        )
    else:
        client = http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    try:
        client.connect()
    except socket.timeout:
        client.close()
        message = f"no connection within {timeout:.1f} s"
        raise ConnectionError(message) from None
    except BaseException:
        client.close()
        raise
    # http.client would otherwise reconnect by itself, without the deadline.
    client.auto_open = 0
    return _Connection(client, _Deadline())


class _Limited:
    """A socket whose operations share a deadline: what `http.client` needs of it."""

    def __init__(self, inner: socket.socket, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(self._deadline.left())
        self._inner.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_LimitedReader(self._inner, self._deadline))

    def close(self) -> None:
        self._inner.close()


class _LimitedReader(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(self._deadline.left())
        return self._inner.recv_into(buffer)
