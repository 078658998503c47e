"""No feedback into itself; finalizers, signals, greenlets and pickles are safe."""

from __future__ import annotations

import gc
import http.client
import logging
import pickle
import signal
from typing import Any, Iterator

import cloudpickle
import pytest
from conftest import Make
from support import PUBLISHER, TOKEN, Imitation, run_python, wait_until

from datashop_logs import LogHandler, LogPublisher


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, whose level and handlers are restored."""
    logger = logging.getLogger()
    level, handlers = logger.level, list(logger.handlers)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_logs_about_sending_are_not_sent(
    make: Make, imitation: Imitation, root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = http.client.HTTPConnection.connect

    def connect(self: http.client.HTTPConnection) -> None:
        # As urllib3 does, and as instrumentation of http.client does.
        logging.getLogger("http.client").debug("starting new connection")
        original(self)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    publisher = make(imitation.url)
    root.setLevel(logging.DEBUG)
    root.addHandler(LogHandler(publisher, workspace_id="w", workflow_id="f"))
    imitation.answer_next(503, {"Connection": "close"}, times=2)
    logging.getLogger("job").info("started")
    assert publisher.flush(20)
    assert [log["message"] for log in imitation.logs()] == ["started"]


def test_logs_of_a_redaction_hook_are_not_sent(
    make: Make, imitation: Imitation, root: logging.Logger
) -> None:
    def redact(log: Any) -> Any:
        logging.getLogger("hook").debug("redacting")
        publisher.publish("w", "f", {"from": "the hook"})
        assert not publisher.flush(5), "a flush would wait for itself"
        return log

    publisher = make(imitation.url, redact=redact)
    root.setLevel(logging.DEBUG)
    root.addHandler(LogHandler(publisher, workspace_id="w", workflow_id="f"))
    logging.getLogger("job").info("started")
    assert publisher.flush(20)
    assert [log["message"] for log in imitation.logs()] == ["started"]


def test_a_redaction_hook_that_logs_does_not_hold_up_the_end(imitation: Imitation) -> None:
    program = """
import logging, os, time
from datashop_logs import LogHandler
def redact(log):
    # shutdown() waits by now, and holds the handler's lock.
    time.sleep(0.2)
    logging.getLogger("hook").warning("redacting")
    return log
handler = LogHandler(url=os.environ["URL"], token=os.environ["TOKEN"], workspace_id="w",
    redact=redact, exit_timeout=10)
logging.basicConfig(level=logging.INFO, handlers=[handler])
for n in range(3): logging.info("line %d", n)
start = time.monotonic()
logging.shutdown()
print(time.monotonic() - start < 10)
"""
    done = run_python(program, imitation.url)
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert [log["message"] for log in imitation.logs()] == ["line 0", "line 1", "line 2"]


def test_a_handler_on_the_root_does_not_recurse_while_the_gateway_is_down(
    make: Make, closed_port: int, root: logging.Logger
) -> None:
    publisher = make(f"http://127.0.0.1:{closed_port}")
    root.setLevel(logging.DEBUG)
    root.addHandler(LogHandler(publisher, workspace_id="w"))
    for n in range(10):
        logging.getLogger("job").info("line %d", n)
    wait_until(lambda: publisher.stats()["failures"] == 3)
    # Nothing was added by the attempts.
    assert publisher.stats()["queued"] == 10


class _LogsAtItsEnd:
    def __init__(self, publisher: LogPublisher, n: int) -> None:
        self._publisher = publisher
        self._n = n
        self._cycle = self

    def __del__(self) -> None:
        self._publisher.publish("w", "f", {"n": self._n})


def test_finalizers_may_log_at_any_point(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for n in range(1_000):
            _LogsAtItsEnd(publisher, n)
            publisher.publish("w", "f", {"n": 10_000 + n, "nested": [{"n": n}]})
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert publisher.flush(30)
    expected = {*range(1_000), *range(10_000, 11_000)}
    assert imitation.numbers() == dict.fromkeys(expected, 1)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_signal_handlers_may_log_and_flush_at_any_point(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import itertools, signal
ticks = itertools.count()
def tick(signum, frame):
    # Ticks interrupt ticks too.
    n = next(ticks)
    log(1_000_000 + n)
    if n % 50 == 0: publisher.flush(10)
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for n in range(30_000): log(n)
signal.setitimer(signal.ITIMER_REAL, 0)
print(publisher.flush(30), next(ticks))
"""
    )
    done = run_python(program, imitation.url, timeout=90)
    is_flushed, count = done.stdout.split()
    assert (is_flushed, done.stderr) == ("True", "")
    expected = {*range(30_000), *range(1_000_000, 1_000_000 + int(count))}
    assert int(count) > 10
    assert imitation.numbers() == dict.fromkeys(expected, 1)


class _LogsItsText:
    def __init__(self, publisher: LogPublisher) -> None:
        self._publisher = publisher

    def __str__(self) -> str:
        self._publisher.publish("w", "f", {"text": self})
        return "text"


def test_an_object_whose_text_logs_itself_ends(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    publisher.publish("w", "f", {"text": _LogsItsText(publisher)})
    assert publisher.flush(10)
    assert 1 <= len(imitation.stored) < 20


def test_greenlets_of_gevent_log_through_patched_sockets(imitation: Imitation) -> None:
    program = (
        """
import gevent.monkey
gevent.monkey.patch_all()
import gevent
"""
        + PUBLISHER
        + """
def work(start):
    for n in range(start, start + 100):
        log(n)
        gevent.sleep(0)
gevent.joinall([gevent.spawn(work, start) for start in range(0, 1000, 100)])
print(publisher.flush(10), publisher.close(10))
"""
    )
    done = run_python(program, imitation.url)
    assert done.stdout == "True True\n", done.stderr
    assert imitation.numbers() == dict.fromkeys(range(1_000), 1)


def test_sigterm_sends_the_lines_of_a_process_with_gevent(imitation: Imitation) -> None:
    program = (
        """
import gevent.monkey
gevent.monkey.patch_all()
import gevent, signal
"""
        + PUBLISHER
        + """
for n in range(100): log(n)
os.kill(os.getpid(), signal.SIGTERM)
gevent.sleep(60)
"""
    )
    done = run_python(program, imitation.url)
    assert done.returncode == -signal.SIGTERM
    assert imitation.numbers() == dict.fromkeys(range(100), 1)


def test_coroutines_log_without_blocking_their_loop(imitation: Imitation) -> None:
    program = (
        PUBLISHER
        + """
import asyncio
async def work(start):
    for n in range(start, start + 100):
        log(n)
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(*(work(start) for start in range(0, 1000, 100)))
    print(await asyncio.get_running_loop().run_in_executor(None, publisher.flush, 10))
asyncio.run(main())
"""
    )
    done = run_python(program, imitation.url)
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert imitation.numbers() == dict.fromkeys(range(1_000), 1)


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_a_pickled_publisher_is_its_configuration(
    make: Make, imitation: Imitation, pickler: Any
) -> None:
    publisher = make(imitation.url, max_lines=77, service="etl")
    with imitation.hanging():
        publisher.publish("w", "f", {"n": 1})
        copy = pickler.loads(pickler.dumps(publisher))
        assert copy._core.config == publisher._core.config
        assert copy.stats()["queued"] == 0
    copy.publish("w", "f", {"n": 2})
    assert copy.close(10)
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1, 2: 1}


def test_a_pickled_handler_logs_in_another_process(make: Make, imitation: Imitation) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", workflow_id="f", level=30)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    text = cloudpickle.dumps(handler).hex()
    program = f"""
import cloudpickle, logging
handler = cloudpickle.loads(bytes.fromhex({text!r}))
logging.getLogger().addHandler(handler)
logging.warning("from a worker")
logging.info("below the level")
"""
    done = run_python(program, imitation.url)
    assert done.stderr == ""
    assert [log["message"] for log in imitation.logs()] == ["WARNING from a worker"]


def test_the_token_is_in_no_text_of_a_publisher(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    handler = LogHandler(publisher, workspace_id="w")
    texts = [repr(publisher), str(publisher), repr(handler), repr(publisher._core.config)]
    assert not any(TOKEN in text for text in texts)
