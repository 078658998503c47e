"""The interface of the first publisher: existing jobs run unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Dict

import pytest
from support import PATIENCE, TOKEN, Imitation

_IMPORTS = [
    "from sse_publisher import publish_etl_log",
    "from sse_publisher import sse_publisher; publish_etl_log = sse_publisher.publish_etl_log",
    "import sse_publisher; publish_etl_log = sse_publisher.publish_etl_log",
    "from datashop_logs import sse_publisher; publish_etl_log = sse_publisher.publish_etl_log",
    "from datashop_logs.sse_publisher import publish_etl_log",
]
_JOB = """
for n in range(5):
    publish_etl_log("workspace123", "workflow456", {"n": n, "level": "INFO"})
"""


def _run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment: Dict[str, Any] = {
        name: value for name, value in os.environ.items() if not name.startswith("DATASHOP_LOGS")
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("line", _IMPORTS)
def test_a_job_of_the_first_publisher_runs_unchanged(imitation: Imitation, line: str) -> None:
    done = _run(line + _JOB, DATASHOP_LOGS_URL=imitation.url, DATASHOP_LOGS_TOKEN=TOKEN + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert imitation.numbers() == dict.fromkeys(range(5), 1)
    assert {stored.channel for stored in imitation.stored} == {"logs:etl:workspace123:workflow456"}


def test_the_service_comes_from_the_environment(imitation: Imitation) -> None:
    variables = {"DATASHOP_LOGS_SERVICE": "faas", "DATASHOP_LOGS_URL": imitation.url}
    _run(_IMPORTS[0] + _JOB, DATASHOP_LOGS_TOKEN=TOKEN, **variables)
    assert imitation.stored[0].channel.startswith("logs:faas:")


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({}, "the environment variable DATASHOP_LOGS_URL is not set"),
        ({"DATASHOP_LOGS_URL": "http://127.0.0.1"}, "DATASHOP_LOGS_TOKEN is not set"),
        ({"DATASHOP_LOGS_URL": "x", "DATASHOP_LOGS_TOKEN": TOKEN}, "url: expected an address"),
    ],
)
def test_a_job_without_a_valid_environment_runs_and_says_so_once(
    variables: Dict[str, str], problem: str
) -> None:
    program = _IMPORTS[0] + "\nfor n in range(5): print(publish_etl_log('w', 'f', {'n': n}))"
    done = _run(program, **variables)
    assert (done.returncode, done.stdout) == (0, "False\n" * 5)
    assert done.stderr.count("\n") == 1
    assert problem in done.stderr
    assert TOKEN not in done.stderr


_FORK = """
import os, signal, sys, threading
from datashop_logs import sse_publisher
has_begun, may_end = threading.Event(), threading.Event()
class Slow:
    def write(self, text):
        has_begun.set(); may_end.wait(20)
    def flush(self): pass
"""

_CHILD = """
threading.Thread(target=first).start()
has_begun.wait(20)
child = os.fork()
if child == 0:
    # Ends a child that waits for ever.
    signal.alarm(10)
    sse_publisher.publish_etl_log("w", "f", {"n": 1})
    os._exit(0 if sse_publisher.flush(9) else 1)
print(os.waitpid(child, 0)[1])
may_end.set()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_forked_during_the_first_call_publishes(imitation: Imitation) -> None:
    first = """
def first():
    with sse_publisher._lock:
        has_begun.set(); may_end.wait(20)
"""
    variables = {"DATASHOP_LOGS_URL": imitation.url, "DATASHOP_LOGS_TOKEN": TOKEN}
    done = _run(_FORK + first + _CHILD, **variables)
    assert done.stdout == "0\n", done.stderr
    assert imitation.numbers() == {1: 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_standard_error_that_blocks_holds_up_no_other_thread() -> None:
    program = """
sys.stderr = Slow()
signal.alarm(10)
call = lambda: sse_publisher.publish_etl_log("w", "f", {"n": 1})
threading.Thread(target=call).start()
has_begun.wait(20)
print(call())
may_end.set()
"""
    done = _run(_FORK + program)
    assert (done.returncode, done.stdout) == (0, "False\n")
