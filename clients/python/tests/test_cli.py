"""The command line: its output, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, Dict, Iterator, List

import pytest
from gateway import Gateway, Proxy
from support import PATIENCE, TOKEN, Imitation, wait_until

DEMO_TOKEN = "l5-etl-token"


def _run(
    arguments: List[str], url: str, token: str = DEMO_TOKEN, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datashop_logs", *arguments],
        env=_environment(url, token),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _environment(url: str, token: str = DEMO_TOKEN) -> Dict[str, str]:
    return {**os.environ, "DATASHOP_LOGS_URL": url, "DATASHOP_LOGS_TOKEN": token}


_CHANNEL = ["--workspace", "w", "--workflow", "f"]


def test_publish_sends_messages_and_the_lines_of_standard_input(imitation: Imitation) -> None:
    done = _run(["publish", *_CHANNEL, "--level", "WARN", "a message"], imitation.url, TOKEN)
    assert (done.returncode, done.stdout) == (0, "1 stored, 0 not delivered\n")
    lines = 'text\n{"n": 1}\n\n{not json\n'
    done = _run(["publish", *_CHANNEL], imitation.url, TOKEN, stdin=lines)
    assert (done.returncode, done.stdout) == (0, "3 stored, 0 not delivered\n")
    first, second, third, fourth = imitation.logs()
    assert (first["level"], first["message"]) == ("WARN", "a message")
    assert (second["message"], third, fourth["message"]) == ("text", {"n": 1}, "{not json")


def test_publish_reports_lines_that_were_not_stored(imitation: Imitation, closed_port: int) -> None:
    done = _run(["publish", *_CHANNEL, "a message"], imitation.url, "wrong")
    assert (done.returncode, done.stdout) == (1, "0 stored, 1 not delivered\n")
    down = f"http://127.0.0.1:{closed_port}"
    done = _run(["publish", *_CHANNEL, "--timeout", "0.2", "a message"], down)
    assert (done.returncode, done.stdout) == (1, "0 stored, 1 not delivered\n")


def test_publish_counts_lines_whose_sending_cannot_be_ended(black_hole: str) -> None:
    # The handshake of TLS waits longer than the end of the process.
    url = black_hole.replace("http:", "https:")
    done = _run(["publish", *_CHANNEL, "--timeout", "0.2", "a message"], url)
    assert (done.returncode, done.stdout) == (1, "0 stored, 1 not delivered\n")


def test_wrong_usage_has_an_exit_code_of_its_own(imitation: Imitation) -> None:
    assert _run(["publish"], imitation.url).returncode == 2
    assert _run(["unknown"], imitation.url).returncode == 2
    done = _run(["doctor"], "not a url")
    assert (done.returncode, "url: expected an address" in done.stderr) == (2, True)
    done = _run(["doctor"], imitation.url, token="")
    assert (done.returncode, "DATASHOP_LOGS_TOKEN is not set" in done.stderr) == (2, True)


@pytest.fixture
def tail(gateway: Gateway) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "datashop_logs", "tail", *_CHANNEL, "--json"]
    with subprocess.Popen(
        command,
        env=_environment(gateway.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_tail_prints_earlier_and_new_lines_across_a_restart(
    gateway: Gateway, make: Any, tail: subprocess.Popen[str]
) -> None:
    assert tail.stdout is not None
    publisher = make(gateway.url, token=DEMO_TOKEN)
    for n in range(5):
        publisher.publish("w", "f", {"n": n})
    assert publisher.flush(10)
    # The first lines came before or after its start; both must show them.
    assert [json.loads(tail.stdout.readline())["n"] for _ in range(5)] == list(range(5))
    gateway.kill()
    gateway.start()
    publisher.publish("w", "f", {"n": 5})
    assert publisher.flush(20)
    assert json.loads(tail.stdout.readline())["n"] == 5
    tail.send_signal(signal.SIGINT)
    assert tail.wait(PATIENCE) == 130
    assert tail.stderr is not None
    assert "restarted" in tail.stderr.read()


def test_tail_ends_when_its_reader_leaves(gateway: Gateway) -> None:
    command = f"{sys.executable} -m datashop_logs tail --workspace w -n 0 | head -n 1"
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        env=_environment(gateway.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            _run(["publish", "--workspace", "w", "\x1b[31mred"], gateway.url)
        output, errors = process.communicate(timeout=PATIENCE)
    assert "INFO" in output
    assert "\x1b" not in output, "a log must not control the terminal"
    assert errors == ""


def test_tail_explains_a_channel_that_cannot_be_read(gateway: Gateway) -> None:
    done = _run(["tail", "--workspace", "not,valid"], gateway.url)
    assert done.returncode == 7
    assert "cannot be read: status 400" in done.stderr


def test_doctor_finds_nothing_wrong_with_a_working_gateway(gateway: Gateway) -> None:
    done = _run(["doctor"], gateway.url)
    assert done.returncode == 0, done.stdout
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "ok   url",
        "ok   token",
        "ok   batches",
        "ok   stream",
        "ok   clock",
    ]


def test_doctor_reports_a_gateway_that_is_down(closed_port: int) -> None:
    done = _run(["doctor"], f"http://127.0.0.1:{closed_port}")
    assert done.returncode == 3
    assert done.stdout.startswith("FAIL url: ")


def test_doctor_reports_a_wrong_token_without_repeating_it(gateway: Gateway) -> None:
    done = _run(["doctor"], gateway.url, token="a-wrong-token")
    assert done.returncode == 4
    assert "FAIL token: the gateway refuses the token for service 'etl'" in done.stdout
    assert "a-wrong-token" not in done.stdout + done.stderr


def test_doctor_reports_a_token_of_another_service(gateway: Gateway) -> None:
    done = _run(["doctor", "--service", "faas"], gateway.url)
    assert done.returncode == 4


@pytest.mark.parametrize("plan", ["stall after=0", "stall after=200", "hang"])
def test_doctor_reports_a_proxy_that_buffers_streams(gateway: Gateway, plan: str) -> None:
    with Proxy(gateway.url, plan) as proxy:
        done = _run(["doctor", "--timeout", "1"], proxy.url)
    assert done.returncode == 6, done.stdout
    assert "buffers or compresses streams" in done.stdout


def test_doctor_reports_a_page_in_place_of_a_stream(gateway: Gateway) -> None:
    with Proxy(gateway.url, "html") as proxy:
        done = _run(["doctor"], proxy.url)
    assert done.returncode == 7
    assert "content type 'text/html" in done.stdout


def test_doctor_reports_clocks_that_differ() -> None:
    imitation = Imitation(token=DEMO_TOKEN)
    imitation.clock_ahead = 3_600
    done = _run(["doctor"], imitation.url)
    imitation.close()
    assert done.returncode == 5, done.stdout
    assert "the gateway is 3600 s ahead of this machine" in done.stdout


def test_doctor_knows_a_gateway_without_batches() -> None:
    imitation = Imitation("node", token=DEMO_TOKEN)
    done = _run(["doctor"], imitation.url)
    imitation.close()
    assert done.returncode == 0, done.stdout
    assert "ok   batches: not supported by this gateway" in done.stdout
    assert wait_until(lambda: imitation.stored)


def test_publish_accepts_input_of_any_encoding_and_length(imitation: Imitation) -> None:
    command = [sys.executable, "-m", "datashop_logs", "publish", "--workspace", "w"]
    done = subprocess.run(
        command,
        env=_environment(imitation.url, TOKEN),
        input=b"caf\xe9\n" + b"line\n" * 60_000,
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.stdout == b"60001 stored, 0 not delivered\n"
    assert imitation.logs()[0]["message"] == "caf\\xe9"
