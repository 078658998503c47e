"""What several tests share: a gateway's imitation on a real socket, programs, and waiting."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Set, Tuple
from urllib.parse import parse_qs, urlsplit

HOSTS = Path(__file__).parent / "hosts"
TOKEN = "a-token-that-must-not-leak"
#: How long a test waits for what must happen. Generous: the machine may be busy.
PATIENCE = 30.0


def wait_until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Waits until `condition` returns something true, and returns it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not become true within {PATIENCE:g} s")
        time.sleep(0.01)


@dataclass(frozen=True)
class Stored:
    """A log as a gateway stores it."""

    channel: str
    data: Any
    line_id: Optional[str]
    route: str


@dataclass(frozen=True)
class Request:
    route: str
    headers: Mapping[str, str]
    lines: int


Step = Callable[["_Handler"], bool]


class Imitation:
    """Answers as the contract says, for each generation of gateway.

    `batches` is today's gateway. `node` has only `/api/logs/publish`, `fastapi` only
    `/logs/stream`; both accept one log per request. `confused` answers 400 to a batch.
    """

    def __init__(self, kind: str = "batches", token: str = TOKEN) -> None:
        self.kind = kind
        self.token = token
        self.stored: List[Stored] = []
        self.requests: List[Request] = []
        self.largest_batch = 1_000
        self.clock_ahead = 0
        #: How many lines it stores before it answers 429 for each line; negative for no limit.
        self.lines_now = -1
        #: What is added to each reason for which a line of a batch is refused.
        self.verbosity = ""
        #: A server in front: returns the status of its HTML page for a request that it blocks.
        self.front: Callable[[bytes], Optional[int]] = lambda _: None
        self._steps: Deque[Step] = deque()
        self._ids: Set[Tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from the next connection on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def answer_next(
        self, status: int, headers: Optional[Mapping[str, str]] = None, times: int = 1, **body: Any
    ) -> None:
        """Answers the next requests with `status`, without storing anything."""

        def step(handler: _Handler) -> bool:
            handler.answer(status, body or {"error": f"scripted {status}"}, headers or {})
            return True

        self._steps.extend([step] * times)

    def lose_next_answer(self) -> None:
        """Stores the next request and closes the connection instead of answering."""

        def step(handler: _Handler) -> bool:
            handler.is_silent = True
            return False

        self._steps.append(step)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Answers nothing until the block ends."""
        gate = threading.Event()

        def step(_: _Handler) -> bool:
            gate.wait(PATIENCE)
            return False

        self._steps.append(step)
        try:
            yield
        finally:
            gate.set()

    def logs(self) -> List[Any]:
        return [stored.data for stored in list(self.stored)]

    def numbers(self) -> Counter[int]:
        """Returns how often each numbered log was stored."""
        return Counter(log["n"] for log in self.logs() if isinstance(log, dict) and "n" in log)

    def markers(self) -> List[Dict[str, Any]]:
        return [log for log in self.logs() if isinstance(log, dict) and "dropped" in log]

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.stored) >= count, f"{count} stored logs")

    def next_step(self) -> Optional[Step]:
        try:
            return self._steps.popleft()
        except IndexError:
            return None

    def store(self, route: str, log: Dict[str, Any], line_id: Optional[str]) -> bool:
        """Stores a log. Returns false for a duplicate."""
        ids = [log["workspace_id"], log.get("workflow_id") or log.get("function_id")]
        service = "function" if "function_id" in log else log["service"]
        channel = ":".join(["logs", service, *(part for part in ids if part)])
        with self._lock:
            if line_id is not None:
                if (channel, line_id) in self._ids:
                    return False
                self._ids.add((channel, line_id))
            self.stored.append(Stored(channel, log["logData"], line_id, route))
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: Tuple[str, int], imitation: Imitation) -> None:
        self.imitation = imitation
        self.connections = 0
        super().__init__(address, _Handler)

    def process_request(self, *arguments: Any) -> None:
        self.connections += 1
        super().process_request(*arguments)

    def handle_error(self, *_: Any) -> None:
        """Clients that leave are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet; otherwise each answer waits for the acknowledgement of its head.
    wbufsize = 1 << 16
    is_silent = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = body.split(b"\n")
        self._imitation.requests.append(Request(self.path, dict(self.headers), len(lines)))
        blocked = self._imitation.front(body)
        if blocked is not None:
            self._send(blocked, b"<html>blocked</html>", "text/html")
            return
        step = self._imitation.next_step()
        if step is not None and step(self):
            return
        self._publish(lines)

    def do_GET(self) -> None:
        """Streams what is stored for a channel from now on, without a greeting."""
        imitation = self._imitation
        if not self.path.startswith(("/logs/stream", "/api/logs/stream")[imitation.kind == "node"]):
            self.answer(404, {"error": "not found"})
            return
        channel = parse_qs(urlsplit(self.path).query)["channels"][0]
        position = len(imitation.stored)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for stored in imitation.stored[position:]:
                position += 1
                if stored.channel == channel:
                    self._send_event(channel, stored.data)
            time.sleep(0.01)

    def _send_event(self, channel: str, data: Any) -> None:
        timestamp = _now() + self._imitation.clock_ahead * 1_000
        envelope = {"channel": channel, "data": data, "timestamp": timestamp, "id": "log-1"}
        self.wfile.write(b"data: %s\n\n" % json.dumps(envelope).encode())
        self.wfile.flush()

    def answer(
        self, status: int, body: Mapping[str, Any], headers: Optional[Mapping[str, str]] = None
    ) -> None:
        if self.is_silent:
            self.close_connection = True
            return
        self._send(status, json.dumps(body).encode(), "application/json", headers or {})

    def _send(
        self, status: int, text: bytes, kind: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Standard error is what tests look at."""

    @property
    def _imitation(self) -> Imitation:
        server = self.server
        assert isinstance(server, _Server)
        return server.imitation

    def _publish(self, lines: List[bytes]) -> None:
        imitation = self._imitation
        routes = {
            "batches": {"/logs/publish", "/api/logs/publish", "/logs/stream"},
            "confused": {"/logs/publish", "/api/logs/publish"},
            "node": {"/api/logs/publish"},
            "fastapi": {"/logs/stream"},
        }
        is_batch = self.headers.get("Content-Type") == "application/x-ndjson"
        if self.path not in routes[imitation.kind]:
            self.answer(404, {"error": "not found"})
        elif imitation.kind == "fastapi" and "Content-Encoding" in self.headers:
            self.answer(422, {"detail": "there was an error parsing the body"})
        elif self.headers.get("X-Service-Token") != imitation.token:
            self.answer(403, {"error": "Unauthorized log publisher"})
        elif is_batch and imitation.kind != "batches":
            self.answer(400, {"error": "body is not a JSON object"})
        elif is_batch:
            self._batch(lines)
        else:
            self._single(b"\n".join(lines))

    def _single(self, body: bytes) -> None:
        log = json.loads(body)
        problem = _problem(log)
        if problem:
            self.answer(400, {"error": problem})
            return
        # The old gateways know no ids.
        knows_ids = self._imitation.kind == "batches"
        key = self.headers.get("Idempotency-Key") if knows_ids else None
        self._imitation.store(self.path, log, key)
        self.answer(200, {"success": True, "channel": "…", "delivered": 0, "timestamp": _now()})

    def _batch(self, lines: List[bytes]) -> None:
        if len(lines) > self._imitation.largest_batch:
            self.answer(413, {"error": f"more than {self._imitation.largest_batch} logs"})
            return
        errors: List[Dict[str, Any]] = []
        stored = duplicates = 0
        for number, line in enumerate(lines, 1):
            log = json.loads(line)
            problem = _problem(log)
            if self._imitation.lines_now == 0:
                reason = "more than 2 logs a second"
                errors.append({"line": number, "status": 429, "error": reason, "retryAfter": 1})
            elif problem:
                problem += self._imitation.verbosity
                errors.append({"line": number, "status": 400, "error": problem})
            elif self._imitation.store(self.path, log, log.get("id")):
                stored += 1
                self._imitation.lines_now -= 1
            else:
                duplicates += 1
        result = {
            "success": not errors,
            "stored": stored,
            "duplicates": duplicates,
            "refused": len(errors),
            "timestamp": _now(),
            "errors": errors,
        }
        is_limited = any(error["status"] == 429 for error in errors)
        self.answer(207 if errors else 200, result, {"Retry-After": "1"} if is_limited else {})


def _problem(log: Dict[str, Any]) -> Optional[str]:
    if not log.get("workspace_id"):
        return "workspace_id is missing: expected a string"
    for name in ("workspace_id", "workflow_id"):
        if ":" in str(log.get(name, "")):
            return f"{name} contains ':'"
    return None


def _now() -> int:
    return int(time.time() * 1000)


def run_python(
    code: str, url: str, timeout: float = PATIENCE, interpreter: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Runs a program that finds the gateway in `URL`, and the token in `TOKEN`."""
    return subprocess.run(
        [interpreter, "-c", code],
        env=environment(url),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def environment(url: str) -> Dict[str, str]:
    path = os.pathsep.join([str(HOSTS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "URL": url, "TOKEN": TOKEN, "PYTHONPATH": path}


#: The beginning of programs for `run_python`.
PUBLISHER = """
import os, sys, time
from datashop_logs import LogPublisher
publisher = LogPublisher(os.environ["URL"], os.environ["TOKEN"])
def log(n): publisher.publish("w", "f", {"n": n})
"""
