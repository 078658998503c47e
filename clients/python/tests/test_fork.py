"""After a fork, parent and child each deliver their own lines exactly once."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from support import HOSTS, PATIENCE, PUBLISHER, Imitation, environment, run_python, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")


def test_parent_and_child_deliver_their_own_lines(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
for n in range(100): log(n)          # Perhaps still queued when the process forks.
pid = os.fork()
if pid == 0:
    for n in range(100, 200): log(n)
    publisher.flush(10)
    os._exit(0)
for n in range(200, 300): log(n)
os.waitpid(pid, 0)
"""
    )
    done = run_python(program, imitation.url)
    assert done.stderr == ""
    assert imitation.numbers() == dict.fromkeys(range(300), 1)


def test_children_have_line_ids_of_their_own(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
log(0); publisher.flush(10)
if os.fork() == 0:
    log(1); publisher.flush(10); os._exit(0)
os.wait()
log(2)
"""
    )
    run_python(program, imitation.url)
    first, second, third = ((stored.line_id or "").split("-")[0] for stored in imitation.stored)
    assert first == third != second


def test_a_fork_while_other_threads_log_does_not_hang_the_child(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import itertools, threading
numbers = itertools.count()
is_done = False
def work():
    while not is_done: log(next(numbers))
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for child in range(20):
    if os.fork() == 0:
        log(1_000_000 + child)
        os._exit(0 if publisher.flush(20) else 1)
    assert os.wait()[1] == 0
    time.sleep(0.005)
is_done = True
for thread in threads: thread.join()
publisher.flush(60)
print(next(numbers))
"""
    )
    done = run_python(program, imitation.url, timeout=120)
    assert done.returncode == 0, done.stderr
    numbers = imitation.numbers()
    assert set(numbers.values()) == {1}
    assert {n for n in numbers if n >= 1_000_000} == {1_000_000 + child for child in range(20)}
    # Four threads may log faster than one process sends: what is missing was counted.
    dropped = sum(marker["dropped"] for marker in imitation.markers())
    assert sum(n < 1_000_000 for n in numbers) + dropped == int(done.stdout)


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_processes_of_multiprocessing_deliver_without_a_flush(
    imitation: Imitation, method: str, tmp_path: Path
) -> None:
    program = tmp_path / "job.py"
    program.write_text(
        PUBLISHER
        + f"""
import multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    log(-1)
    children = [context.Process(target=log, args=(n,)) for n in range(3)]
    for child in children: child.start()
    for child in children: child.join()
    with context.Pool(2) as pool:
        pool.map(log, range(3, 43))
        pool.close(); pool.join()
"""
    )
    done = _run(program, imitation)
    assert done.stderr == ""
    assert imitation.numbers() == dict.fromkeys(range(-1, 43), 1)


def test_workers_of_a_process_pool_deliver(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import concurrent.futures, multiprocessing
context = multiprocessing.get_context("fork")
log(-1)
with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
    list(pool.map(log, range(40)))
"""
    )
    run_python(program, imitation.url)
    assert imitation.numbers() == dict.fromkeys(range(-1, 40), 1)


def test_workers_of_gunicorn_deliver_with_a_preloaded_publisher(imitation: Imitation) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = _start(
        ["gunicorn", "--preload", "--workers=2", f"--bind=127.0.0.1:{port}", "gunicorn_app:app"],
        imitation,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{address}/ready"), "gunicorn")
        for n in range(1, 101):
            assert _answers(f"{address}/?n={n}")
    finally:
        server.terminate()
        errors = server.communicate(timeout=PATIENCE)[1]
    # 0 is logged when the application is loaded, before the fork.
    assert imitation.numbers() == dict.fromkeys(range(101), 1), errors


def test_prefork_workers_of_celery_deliver_each_log_once(
    imitation: Imitation, tmp_path: Path
) -> None:
    environment_of_job = {**environment(imitation.url), "BROKER": str(tmp_path)}
    arguments = ["celery", "--app=celery_app", "worker", "--pool=prefork", "--concurrency=2"]
    worker = subprocess.Popen(
        [sys.executable, "-m", *arguments, "--loglevel=INFO"],
        cwd=tmp_path,
        env=environment_of_job,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        send = "import celery_app\nfor n in range(40): celery_app.task.delay(n)"
        sender = subprocess.run(
            [sys.executable, "-c", send], env=environment_of_job, cwd=tmp_path, check=False
        )
        assert sender.returncode == 0
        wait_until(lambda: len(imitation.numbers()) >= 40, "40 tasks")
    finally:
        worker.terminate()
        output = worker.communicate(timeout=PATIENCE)[0]
    # A tenth of the tasks is also logged through `logging` and the handler.
    assert imitation.numbers() == dict.fromkeys(range(40), 1), output
    logged = [log["message"] for log in imitation.logs() if log.get("logger") == "job"]
    assert sorted(logged) == sorted(f"task {n}" for n in range(0, 40, 10)), output


def _start(arguments: Any, imitation: Imitation) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=HOSTS,
        env=environment(imitation.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(program: Path, imitation: Imitation) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(program)],
        env=environment(imitation.url),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return bool(response.status == 200)
    except OSError:
        return False
