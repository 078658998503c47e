"""What a log line costs the job that publishes it, compared with two blocking ways.

Prints two Markdown tables: the time of one call at several rates while the gateway is up, down,
silent, or answers 503; and the time of a job with and without logging. Each measurement is a
process of its own, which is ended if it takes too long.

    python clients/python/bench/publish_cost.py --gateway target/release/logs-gateway
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Optional

TOKEN = "l5-etl-token"
CLIENTS = ("datashop_logs", "requests.post", "python-logging-loki")
STATES = ("up", "down", "silent", "503")
RATES = (1, 1_000, 50_000)
#: How long lines are published at each rate, in seconds. The lowest rate needs several lines.
SECONDS = {1: 5.0, 1_000: 2.0, 50_000: 2.0}
#: When a measurement of a blocking client is ended.
PATIENCE = 20.0
JOB_STEPS = 200
JOB_LINES_PER_STEP = 10
JOB_RUNS = 5

Publish = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--gateway", help="the program logs-gateway")
    parser.add_argument("--quick", action="store_true", help="the first rate and two job runs")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--job", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        _measure(*options.measure)
    elif options.job:
        _job(*options.job)
    elif options.serve:
        _serve(options.serve)
    elif options.gateway:
        _report(options.gateway, options.quick)
    else:
        parser.error("--gateway: expected the path of logs-gateway")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the example on a line of its own."""


def _report(gateway: str, quick: bool) -> None:
    children: List[subprocess.Popen[str]] = []
    with socket.socket() as silent, socket.socket() as reserved:
        for each in (silent, reserved):
            each.bind(("127.0.0.1", 0))
        silent.listen(1_024)
        up = _started([gateway, "--demo", "--port", "0"], children)
        urls = {
            "up": up,
            "down": f"http://127.0.0.1:{reserved.getsockname()[1]}",
            "silent": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "503": _started([sys.executable, __file__, "--serve", "503"], children),
        }
        # Loki's route does not exist on the gateway.
        loki = _started([sys.executable, __file__, "--serve", "204"], children)
        try:
            _print_costs(urls, loki, RATES[:1] if quick else RATES)
            _print_jobs(urls, 2 if quick else JOB_RUNS)
        finally:
            for child in children:
                child.kill()


def _print_costs(urls: Dict[str, str], loki: str, rates: Any) -> None:
    print("\nTime of one call in microseconds, median / 99th percentile:\n")
    print("| Client | Gateway | " + " | ".join(f"{rate:,} lines/s" for rate in rates) + " |")
    print("|---|---|" + "---|" * len(rates))
    floor = [_cost("json.dumps", "-", rate) for rate in rates]
    print("| json.dumps alone | | " + " | ".join(floor) + " |", flush=True)
    for client in CLIENTS:
        for state in STATES:
            url = loki if client == "python-logging-loki" and state == "up" else urls[state]
            cells = [_cost(client, url, rate) for rate in rates]
            print(f"| {client} | {state} | " + " | ".join(cells) + " |", flush=True)


def _cost(client: str, url: str, rate: int) -> str:
    result = _child(["--measure", client, url, str(rate)], PATIENCE)
    if result is None:
        return f"no call returned within {PATIENCE:g} s"
    median, high = (f"{result[name] * 1e6:,.0f}" for name in ("median", "high"))
    is_slower = result["rate"] < 0.9 * rate
    return f"{median} / {high}" + (f" ({result['rate']:,.1f} lines/s at most)" if is_slower else "")


def _print_jobs(urls: Dict[str, str], runs: int) -> None:
    lines = JOB_STEPS * JOB_LINES_PER_STEP
    print(f"\nWall time of a job that computes and logs {lines:,} lines, median of {runs} runs:\n")
    print("| Logging | Seconds | Lowest to highest |")
    print("|---|---|---|")
    cases = [("none", ""), *(("datashop_logs", state) for state in STATES)]
    cases += [("requests.post", "up"), ("requests.post", "down")]
    # Interleaved, so that a change of the machine's load affects all cases.
    times: Dict[Any, List[float]] = {case: [] for case in cases}
    for _ in range(runs):
        for client, state in cases:
            result = _child(["--job", client, urls.get(state, "-")], 10 * PATIENCE)
            times[client, state].append(result["seconds"] if result else float("inf"))
    for (client, state), each in times.items():
        name = f"{client}, gateway {state}" if state else client
        print(f"| {name} | {statistics.median(each):.2f} | {min(each):.2f} to {max(each):.2f} |")


def _child(arguments: List[str], patience: float) -> Optional[Dict[str, float]]:
    try:
        done = subprocess.run(
            [sys.executable, __file__, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    result: Dict[str, float] = json.loads(done.stdout)
    return result


def _started(command: List[str], children: List[subprocess.Popen[str]]) -> str:
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    children.append(child)
    assert child.stdout is not None
    found = re.search(r"listening on (http://\S+)", child.stdout.readline())
    assert found, f"{command[0]} does not print its address"
    return found.group(1)


def _measure(client: str, url: str, rate_text: str) -> None:
    """Publishes at a rate and prints the cost of the calls."""
    publish = _client(client, url)
    rate = int(rate_text)
    costs: List[float] = []
    start = time.perf_counter()
    # Leaves a blocking client the time for its slowest call.
    end = start + min(SECONDS[rate], PATIENCE / 2)
    for n in range(int(rate * SECONDS[rate])):
        due = start + n / rate
        # Shorter sleeps would only measure the timer: lines of a millisecond are a burst.
        if due - time.perf_counter() > 0.001:
            time.sleep(due - time.perf_counter())
        before = time.perf_counter()
        publish(n)
        after = time.perf_counter()
        costs.append(after - before)
        if after > end:
            break
    elapsed = max(time.perf_counter() - start, len(costs) / rate)
    costs.sort()
    high = costs[min(len(costs) - 1, int(len(costs) * 0.99))]
    result = {"median": statistics.median(costs), "high": high, "rate": len(costs) / elapsed}
    print(json.dumps(result), flush=True)
    # Without the end of the process, which the other clients do not have.
    os._exit(0)


def _job(client: str, url: str) -> None:
    """Computes, logs, and prints how long that took."""
    publish: Publish = (lambda n: None) if client == "none" else _client(client, url)
    start = time.perf_counter()
    n = 0
    for _ in range(JOB_STEPS):
        sum(value * value for value in range(100_000))
        for _ in range(JOB_LINES_PER_STEP):
            publish(n)
            n += 1
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
    os._exit(0)


def _client(client: str, url: str) -> Publish:
    if client == "json.dumps":
        return lambda n: _discard(json.dumps(_log(n)))
    if client == "datashop_logs":
        return _datashop_logs(url)
    return _requests(url) if client == "requests.post" else _loki(url)


def _discard(_: str) -> None:
    """Ends the floor of the comparison: encoding a log and doing nothing with it."""


def _log(n: int) -> Dict[str, Any]:
    return {
        "n": n,
        "level": "INFO",
        "pipeline": "orders",
        "message": f"read batch {n} of the orders table",
        "meta": {"execID": "run-7", "pipelineID": "orders", "timestamp": 1_758_800_000_000 + n},
    }


def _datashop_logs(url: str) -> Publish:
    from datashop_logs import LogPublisher

    publisher = LogPublisher(url, TOKEN)
    return lambda n: publisher.publish("workspace123", "workflow456", _log(n))


def _requests(url: str) -> Publish:
    """The first publisher: one request per line, with a timeout of 5 s, never failing."""
    import requests

    def publish(n: int) -> None:
        body = {
            "service": "etl",
            "workspace_id": "workspace123",
            "workflow_id": "workflow456",
            "logData": _log(n),
        }
        headers = {"X-Service-Token": TOKEN}
        try:
            requests.post(f"{url}/api/logs/publish", json=body, headers=headers, timeout=5)
        except requests.RequestException:
            return

    return publish


def _loki(url: str) -> Publish:
    import logging_loki

    logger = logging.getLogger("bench")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging_loki.LokiHandler(url=f"{url}/loki/api/v1/push", version="1")
    logger.addHandler(handler)
    return lambda n: logger.info(json.dumps(_log(n)))


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    status = 503

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        if self.status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Standard error is not part of the report."""


def _serve(status: int) -> None:
    _Server.status = status
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
