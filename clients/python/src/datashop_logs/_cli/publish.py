"""`publish`: sends messages, or the lines of standard input."""

from __future__ import annotations

import argparse
import io
import json
import sys
from datetime import datetime, timezone
from typing import Any, Iterable

from .. import _environment
from ..publisher import LogPublisher
from .exits import NOT_DELIVERED, OK

NAME = "publish"
HELP = "publish messages, or lines from standard input"
DETAILS = (
    "Publishes each MESSAGE, or each line of standard input: a JSON object as it is, anything else "
    "as the message of a log. Exit code 1: some lines were not stored within --timeout."
)
_LINES_BETWEEN_FLUSHES = 10_000


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workspace", required=True, help="the workspace to publish to")
    command.add_argument("--workflow", help="the workflow to publish to")
    command.add_argument("--level", default="INFO", help="the level of messages; default: INFO")
    command.add_argument(
        "--timeout", type=float, default=30.0, help="seconds to wait for the gateway; default: 30"
    )
    command.add_argument("messages", nargs="*", metavar="MESSAGE", help="default: standard input")


def run(options: argparse.Namespace) -> int:
    token = _environment.required(_environment.TOKEN)
    publisher = LogPublisher(options.url, token, options.service)
    lines: Iterable[str] = options.messages or _standard_input()
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if text:
            publisher.publish(options.workspace, options.workflow, _log_of(text, options.level))
        if number % _LINES_BETWEEN_FLUSHES == 0:
            # A file is read faster than a gateway accepts lines, and the queue is bounded.
            publisher.flush(options.timeout)
    publisher.flush(options.timeout)
    is_handled = publisher.close()
    stats = publisher.stats()
    lost = stats["dropped"] + stats["queued"]
    print(f"{stats['stored']} stored, {lost} not delivered")
    return OK if is_handled and lost == 0 else NOT_DELIVERED


def _standard_input() -> Iterable[str]:
    return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="backslashreplace")


def _log_of(text: str, level: str) -> Any:
    if text.startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            # A message that begins with a brace.
            pass
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return {"level": level, "message": text, "timestamp": now}
