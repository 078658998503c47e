"""`tail`: prints the logs of a channel as they arrive."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from datetime import datetime, timezone
from typing import Any, Dict, Tuple

from .._address import Address
from .._retry import Backoff
from .._stream import Event, Stream, StreamError, channel_of
from .exits import OK, TOKEN_REFUSED, UNEXPECTED

NAME = "tail"
HELP = "print logs as they arrive"
DETAILS = (
    "Prints the newest logs of a channel and then each new one. Reconnects and resumes after a "
    "break; lines that will not arrive are reported on standard error. Ends with Ctrl-C."
)
#: Three heartbeats or pings.
_SILENCE = 75.0
_REFUSED = (401, 403)
_PERMANENT = (400, 404)


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workspace", required=True, help="the workspace to read")
    command.add_argument("--workflow", help="the workflow to read")
    command.add_argument(
        "-n", "--lines", type=int, default=10, help="how many earlier lines; default: 10"
    )
    command.add_argument("--json", action="store_true", help="print each log as one line of JSON")
    command.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="a header for the proxy in front of the gateway; repeatable",
    )


def run(options: argparse.Namespace) -> int:
    address = Address.parse(options.url)
    headers = dict(_header(text) for text in options.header)
    channel = channel_of(options.service, options.workspace, options.workflow)
    query = {"channels": channel, "tail": str(max(0, options.lines))}
    backoff = Backoff()
    last_id = ""
    while True:
        try:
            resume = {"Last-Event-ID": last_id} if last_id else {}
            with Stream(address, query, {**headers, **resume}, _SILENCE) as stream:
                for event in stream.events():
                    backoff.succeeded()
                    last_id = event.last_id or last_id
                    if not _show(event, options.json):
                        return OK
            problem = "the stream ended"
        except StreamError as error:
            if error.status in _REFUSED + _PERMANENT:
                _say(f"{channel} cannot be read: {error}")
                return TOKEN_REFUSED if error.status in _REFUSED else UNEXPECTED
            problem = str(error)
        except BrokenPipeError:
            # Of standard output: the connection is never written to after its request.
            raise
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
        pause = backoff.failed()
        _say(f"{problem}; next attempt in {pause:.1f} s")
        time.sleep(pause)


def _show(event: Event, as_json: bool) -> bool:
    """Prints an event. Returns false if the gateway asks not to reconnect."""
    if event.kind == "gap":
        gap = event.fields()
        lines = f"{gap.get('from')} to {gap.get('to')}" if gap.get("from") else "an unknown number"
        _say(f"lines missing: {lines} ({gap.get('reason')})")
    elif event.kind == "bye" and event.fields().get("reason") == "stop":
        _say("the gateway ended this stream for good")
        return False
    for log, envelope in event.logs():
        text = json.dumps(log, ensure_ascii=True) if as_json else _printable(_line(log, envelope))
        print(text, flush=True)
    return True


def _line(log: Any, envelope: Dict[str, Any]) -> str:
    if not isinstance(log, dict):
        return f"{_time(envelope)} {log if isinstance(log, str) else json.dumps(log)}"
    parts = [
        _time(envelope) or str(log.get("timestamp", "")),
        f"{log.get('level') or log.get('logLevel') or '-':<5}",
        str(log.get("pipeline") or log.get("stageName") or log.get("logger") or ""),
        str(log.get("message") or log.get("description") or json.dumps(log)),
    ]
    return " ".join(part for part in parts if part)


def _time(envelope: Dict[str, Any]) -> str:
    timestamp = envelope.get("timestamp")
    if not isinstance(timestamp, (int, float)) or not 0 <= timestamp < 1e14:
        return ""
    moment = datetime.fromtimestamp(timestamp / 1000, timezone.utc).astimezone()
    return moment.isoformat(sep=" ", timespec="milliseconds")


def _printable(text: str) -> str:
    """Replaces control characters: a log must not control the terminal."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _header(text: str) -> Tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ValueError("--header: expected NAME:VALUE")
    return name.strip(), value.strip()


def _say(message: str) -> None:
    print(f"datashop_logs: {_printable(message)}", file=sys.stderr, flush=True)
