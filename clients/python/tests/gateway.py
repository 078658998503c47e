"""The real gateway and the real fault proxy, and a network that loses answers."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import subprocess
import threading
from collections import Counter
from typing import Any, Dict, List, Optional, Set

import pytest
from support import wait_until

from datashop_logs._address import Address
from datashop_logs._stream import Stream

TOKEN = "l5-etl-token"


def program(variable: str) -> str:
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} is not set: 'node scripts/python-tests.mjs' builds and sets it")
    return path


class _Server:
    """A program that prints the address it listens on."""

    def __init__(self) -> None:
        self.url = ""
        self._process: Optional[subprocess.Popen[str]] = None

    def _start(self, arguments: List[str]) -> None:
        self._process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"listening on (http://\S+)", line)
        assert found, f"{arguments[0]} printed {line!r}"
        self.url = found.group(1)

    def kill(self) -> None:
        """Ends the program as `kill -9` does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class Gateway(_Server):
    """A gateway that keeps its port across restarts."""

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        self._program = program("LOGS_GATEWAY")
        self._arguments = arguments
        self._port = 0
        self.start()

    def start(self) -> None:
        # Nothing else gets the port in between: the system assigns ports in a large range.
        arguments = ["--demo", "--port", str(self._port), *self._arguments]
        self._start([self._program, *arguments])
        self._port = Address.parse(self.url).port


class Proxy(_Server):
    """A fault proxy in front of `url`."""

    def __init__(self, url: str, plan: str) -> None:
        super().__init__()
        fault_proxy = program("LOGS_FAULT_PROXY")
        self._start([fault_proxy, "--listen", "127.0.0.1:0", "--to", url, "--plan", plan])

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Reader:
    """Collects what a reader of a channel receives, resuming after each break."""

    def __init__(self, url: str, channel: str) -> None:
        self.logs: List[Any] = []
        self.gaps: List[Dict[str, Any]] = []
        self._address = Address.parse(url)
        self._channel = channel
        self._last_id = ""
        self._is_open = threading.Event()
        self._is_done = False
        threading.Thread(target=self._read, daemon=True).start()
        assert self._is_open.wait(30)

    def numbers(self) -> Counter[int]:
        return Counter(log["n"] for log in list(self.logs) if "n" in log)

    def dropped(self) -> int:
        """Returns the sum of all markers."""
        return sum(log["dropped"] for log in list(self.logs) if "dropped" in log)

    def wait_for(self, count: int) -> None:
        """Waits until `count` lines were received or counted in a marker."""
        wait_until(lambda: len(self.numbers()) + self.dropped() >= count, f"{count} lines")

    def close(self) -> None:
        self._is_done = True

    def _read(self) -> None:
        while not self._is_done:
            headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
            with contextlib.suppress(Exception):
                query = {"channels": self._channel}
                with Stream(self._address, query, headers, 30.0) as stream:
                    self._receive(stream)

    def _receive(self, stream: Stream) -> None:
        for event in stream.events():
            self._last_id = event.last_id or self._last_id
            self._is_open.set()
            if event.kind == "gap":
                self.gaps.append(event.fields())
            self.logs.extend(log for log, _ in event.logs())
            if self._is_done:
                return


class LossyNetwork:
    """Forwards connections to `url`, and breaks each one after some bytes.

    Connections alternate between losing an answer after the gateway has acted on the request, and
    being reset within a request.
    """

    def __init__(self, url: str, after: int) -> None:
        address = Address.parse(url)
        self._target = (address.host, address.port)
        self._after = after
        self.broken = 0
        self._open: Set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        for each in list(self._open):
            each.close()

    def _accept(self) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                number += 1
                threading.Thread(
                    target=self._forward, args=(client, number % 2 == 0), daemon=True
                ).start()

    def _forward(self, client: socket.socket, within_request: bool) -> None:
        with contextlib.suppress(OSError), client:
            upstream = socket.create_connection(self._target)
            self._open |= {client, upstream}
            with upstream, selectors.DefaultSelector() as selector:
                selector.register(client, selectors.EVENT_READ, upstream)
                selector.register(upstream, selectors.EVENT_READ, client)
                self._pump(selector, client, within_request)

    def _pump(
        self, selector: selectors.BaseSelector, client: socket.socket, within_request: bool
    ) -> None:
        left = self._after
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                data = source.recv(1_024 if within_request else 65_536)
                if not data:
                    return
                is_request = source is client
                left -= len(data) if is_request else 0
                if left <= 0 and is_request == within_request:
                    self.broken += 1
                    return
                key.data.sendall(data)
