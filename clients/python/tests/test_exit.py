"""A process ends in time, and its last lines arrive."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from typing import Iterator

import pytest
from conftest import Make
from support import PATIENCE, PUBLISHER, Imitation, environment, run_python, wait_until

from datashop_logs.hooks import flush_callback

#: The default exit timeout, and what a busy machine may need to start and end Python.
LONGEST_EXIT = 2.0 + 5.0


def test_lines_logged_before_the_end_arrive(imitation: Imitation) -> None:
    done = run_python(PUBLISHER + "for n in range(2000): log(n)", imitation.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert imitation.numbers() == dict.fromkeys(range(2_000), 1)


def test_the_exit_is_not_delayed_if_everything_was_sent(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
log(1); publisher.flush(10)
import atexit
from datashop_logs import _lifecycle
def measured(inner=_lifecycle._at_exit):
    start = time.monotonic(); inner(); print(time.monotonic() - start)
atexit.unregister(_lifecycle._at_exit); atexit.register(measured)
"""
    )
    done = run_python(program, imitation.url)
    assert float(done.stdout) < 1.0


@pytest.mark.parametrize("cause", ["down", "hanging"])
def test_the_exit_is_bounded_and_the_loss_is_reported(
    cause: str, closed_port: int, black_hole: str
) -> None:
    url = black_hole if cause == "hanging" else f"http://127.0.0.1:{closed_port}"
    start = time.monotonic()
    done = run_python(PUBLISHER + "for n in range(5): log(n)", url)
    assert time.monotonic() - start < LONGEST_EXIT
    assert done.returncode == 0
    assert "5 lines not sent" in done.stderr


def test_the_exit_waits_once_although_logging_flushes_and_closes_too(black_hole: str) -> None:
    program = """
import atexit, os, time
# Runs last, even after the exit handler of logging.
atexit.register(lambda: print(time.monotonic() - start))
import logging
from datashop_logs import LogHandler
handler = LogHandler(url=os.environ["URL"].replace("http:", "https:"), token=os.environ["TOKEN"],
    workspace_id="w", connect_timeout=60, exit_timeout=5)
logging.basicConfig(level=logging.INFO, handlers=[handler])
for n in range(5): logging.info("line %d", n)
handler.publisher.flush(0.5)
print(handler.publisher.stats()["queued"])
start = time.monotonic()
"""
    done = run_python(program, black_hole)
    queued, seconds = done.stdout.split()
    assert queued == "5"
    assert float(seconds) < 2 * 5
    (problem,) = done.stderr.splitlines()
    assert "5 lines not sent" in problem
    assert "does not answer" in problem


def test_what_the_exit_leaves_no_time_for_is_counted_in_a_marker(imitation: Imitation) -> None:
    def wait(_: object) -> bool:
        time.sleep(0.15)
        return False

    imitation._steps.extend([wait] * 1_000)
    done = run_python(PUBLISHER + "for n in range(30_000): log(n)", imitation.url)
    numbers = imitation.numbers()
    (marker,) = imitation.markers()
    assert set(numbers.values()) == {1}
    assert len(numbers) + marker["dropped"] == 30_000
    assert marker["reason"] == "the process ended before they were sent"
    assert f"{marker['dropped']} lines dropped" in done.stderr


def test_lines_are_sent_at_exit_if_the_gateway_returns_in_time(imitation: Imitation) -> None:
    imitation.answer_next(503, times=3)
    done = run_python(PUBLISHER + "log(1)", imitation.url)
    assert imitation.numbers() == {1: 1}
    assert "not sent" not in done.stderr


def test_flush_and_close_can_be_called_repeatedly(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    assert publisher.flush(0)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    assert publisher.flush(10)
    assert publisher.close(10)
    assert publisher.close(10)
    assert publisher.flush(10)
    publisher.publish("w", "f", {"n": 2})
    assert imitation.numbers() == {1: 1}
    assert publisher.stats()["dropped"] == 1


def test_flush_gives_up_at_its_deadline_and_keeps_the_lines(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    with imitation.hanging():
        publisher.publish("w", "f", {"n": 1})
        assert not publisher.flush(0.1)
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1}


def test_a_block_flushes_at_its_end(make: Make, imitation: Imitation) -> None:
    with make(imitation.url) as publisher:
        publisher.publish("w", "f", {"n": 1})
    assert imitation.numbers() == {1: 1}


def test_a_publisher_that_is_not_referenced_any_more_sends_its_lines(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import gc, threading
log(1)
del publisher
gc.collect()
deadline = time.monotonic() + 10
while threading.active_count() > 1 and time.monotonic() < deadline: time.sleep(0.01)
print(threading.active_count())
"""
    )
    done = run_python(program, imitation.url)
    assert done.stdout == "1\n"
    assert imitation.numbers() == {1: 1}


def test_lines_logged_only_in_exit_handlers_arrive(imitation: Imitation) -> None:
    program = (
        """
import atexit
def after_ours(): log(2)
atexit.register(after_ours)
"""
        + PUBLISHER
        + """
def before_ours(): log(1)
atexit.register(before_ours)
"""
    )
    done = run_python(program, imitation.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert imitation.numbers() == {1: 1, 2: 1}


def test_lines_arrive_if_threads_cannot_be_started(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import threading
def refuse(self): raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
for n in range(3): log(n)
print(publisher.flush(10))
log(3)
"""
    )
    done = run_python(program, imitation.url)
    assert done.stdout == "True\n"
    assert imitation.numbers() == dict.fromkeys(range(4), 1)


def test_a_flush_without_a_thread_keeps_the_lines_if_the_gateway_fails(
    imitation: Imitation,
) -> None:
    imitation.answer_next(503, times=2)
    program = (
        PUBLISHER
        + """
import threading
def refuse(self): raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
log(1)
print(publisher.flush(10), publisher.flush(10), publisher.flush(10), publisher.close(10))
"""
    )
    done = run_python(program, imitation.url)
    assert done.stdout == "False False True True\n"
    assert imitation.numbers() == {1: 1}


def test_lines_arrive_if_the_process_skips_exit_handlers_after_a_flush(
    imitation: Imitation,
) -> None:
    program = (
        PUBLISHER
        + "for n in range(500): log(n)\nprint(publisher.flush(10), flush=True)\nos._exit(0)"
    )
    done = run_python(program, imitation.url)
    assert done.stdout == "True\n"
    assert imitation.numbers() == dict.fromkeys(range(500), 1)


@pytest.fixture
def job(imitation: Imitation, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A program that logs until it is killed, and prints `ready` after a while."""
    program = (
        getattr(request, "param", "")
        + PUBLISHER
        + """
n = 0
while True:
    log(n)
    n += 1
    if n == 1000: print("ready", flush=True)
    if n > 1000: time.sleep(0.0005)
"""
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment(imitation.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_sigterm_sends_the_lines_and_ends_the_process_as_before(
    job: subprocess.Popen[str], imitation: Imitation
) -> None:
    job.terminate()
    assert job.wait(PATIENCE) == -signal.SIGTERM
    numbers = imitation.numbers()
    assert len(numbers) >= 1_000
    # Nothing is missing before the last line.
    assert numbers == dict.fromkeys(range(len(numbers)), 1)


def test_sigterm_is_bounded_and_reports_the_loss(closed_port: int) -> None:
    program = (
        PUBLISHER
        + """
import signal
for n in range(5): log(n)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    )
    start = time.monotonic()
    done = run_python(program, f"http://127.0.0.1:{closed_port}")
    assert time.monotonic() - start < LONGEST_EXIT
    assert done.returncode == -signal.SIGTERM
    assert "5 lines not sent" in done.stderr


def test_sigterm_ends_process_1_of_a_container(imitation: Imitation) -> None:
    namespace = ["unshare", "--map-root-user", "--pid", "--fork"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], check=False).returncode:
        pytest.skip("needs the program unshare, and the right to make a PID namespace")
    program = (
        PUBLISHER
        + """
import signal
for n in range(5): log(n)
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(1)
print("still running")
"""
    )
    done = subprocess.run(
        [*namespace, sys.executable, "-c", program],
        env=environment(imitation.url),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "1\n"), done.stderr
    assert imitation.numbers() == dict.fromkeys(range(5), 1)


_OWN_HANDLER = """
import signal, sys
def own(signum, frame): print("own handler", flush=True); sys.exit(7)
signal.signal(signal.SIGTERM, own)
"""


@pytest.mark.parametrize("job", [_OWN_HANDLER], indirect=True)
def test_a_handler_of_the_host_stays_and_its_exit_sends_the_lines(
    job: subprocess.Popen[str], imitation: Imitation
) -> None:
    job.terminate()
    assert job.wait(PATIENCE) == 7
    assert job.stdout is not None
    assert job.stdout.read() == "own handler\n"
    numbers = imitation.numbers()
    assert numbers == dict.fromkeys(range(len(numbers)), 1)


def test_an_asked_for_handler_runs_before_the_handler_of_the_host(imitation: Imitation) -> None:
    program = (
        """
import os, signal
def own(signum, frame):
    print("stored", publisher.stats()["stored"], flush=True); os._exit(3)
signal.signal(signal.SIGTERM, own)
"""
        + PUBLISHER
        + """
publisher = LogPublisher(os.environ["URL"], os.environ["TOKEN"], sigterm=True)
for n in range(10): log(n)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    )
    done = run_python(program, imitation.url)
    assert (done.returncode, done.stdout) == (3, "stored 10\n")


def test_the_handler_is_installed_only_where_it_may_be(imitation: Imitation) -> None:
    program = """
import os, signal, threading
from datashop_logs import LogPublisher
url, token = os.environ["URL"], os.environ["TOKEN"]
LogPublisher(url, token, sigterm=False)
print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
thread = threading.Thread(target=LogPublisher, args=(url, token))
thread.start(); thread.join()
print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
LogPublisher(url, token)
print(signal.getsignal(signal.SIGTERM) == signal.SIG_IGN)
"""
    assert run_python(program, imitation.url).stdout == "True\nTrue\nTrue\n"


def test_no_thread_runs_before_the_first_line(imitation: Imitation) -> None:
    program = PUBLISHER + "import threading; print(threading.active_count())"
    assert run_python(program, imitation.url).stdout == "1\n"


def test_closing_a_publisher_ends_its_thread(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.close(10)
    wait_until(lambda: not publisher._core._run.is_running)


def test_the_callback_for_airflow_flushes(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url, linger=60.0)
    # The first line starts the thread and is sent at once; the second one would linger.
    publisher.publish("w", "f", {"n": 1})
    imitation.wait_for(1)
    publisher.publish("w", "f", {"n": 2})
    flush_callback(publisher, timeout=10)({"task_instance": "ignored"})
    assert imitation.numbers() == {1: 1, 2: 1}
