"""Memory is bounded by count and bytes; what is dropped is counted and reported."""

from __future__ import annotations

import os
import sys
import threading
from typing import Callable, List

import pytest
from conftest import Make
from support import PUBLISHER, Imitation, run_python, wait_until

from datashop_logs._channel import Channels
from datashop_logs._drops import Drops
from datashop_logs._queue import LINE_OVERHEAD, LineQueue
from datashop_logs._report import Reporter

#: A day and more of lines, if asked for; by default as many as fit into seconds.
LINES = int(os.environ.get("LOGS_LINES", "400000"))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")
def test_memory_stays_bounded_while_the_gateway_is_down(closed_port: int) -> None:
    program = (
        PUBLISHER
        + f"""
def resident(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
log(0)
before = resident()
for n in range({LINES}):
    publisher.publish("w", "f", {{"n": n, "level": "INFO", "message": "x" * 100}})
print(resident() - before, publisher.stats()["queued"] + publisher.stats()["dropped"])
os._exit(0)
"""
    )
    done = run_python(program, f"http://127.0.0.1:{closed_port}", timeout=300)
    growth, accounted = map(int, done.stdout.split())
    assert growth < 20 << 20
    # All but the batch that the thread is trying to send.
    assert LINES - 1_000 <= accounted <= LINES + 1
    assert done.stderr.count("\n") <= 3, done.stderr


def test_the_dropped_lines_are_counted_in_a_line_after_recovery(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url, max_lines=100)
    imitation.answer_next(503, times=2)
    publisher.publish("w", "f", {"n": 0})
    wait_until(lambda: publisher.stats()["failures"])
    for n in range(1, 313):
        publisher.publish("w", "f", {"n": n})
    assert publisher.flush(20)
    (marker,) = imitation.markers()
    assert marker["message"] == "212 lines dropped: gateway answered 503"
    assert (marker["level"], marker["dropped"]) == ("WARN", 212)
    # The oldest were dropped, and the marker stands where they would have been.
    numbers = [log.get("n", "marker") for log in imitation.logs()]
    assert numbers == [0, "marker", *range(213, 313)]


def test_each_channel_has_a_marker_of_its_own(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url, max_lines=10)
    imitation.answer_next(503)
    publisher.publish("w", "first", {"n": 0})
    wait_until(lambda: publisher.stats()["failures"])
    for n in range(20):
        publisher.publish("w", "first", {"n": n})
    for n in range(10):
        publisher.publish("w", "second", {"n": n})
    assert publisher.flush(20)
    markers = [stored for stored in imitation.stored if "dropped" in stored.data]
    assert [(marker.channel, marker.data["dropped"]) for marker in markers] == [
        ("logs:etl:w:first", 20)
    ]


def test_the_oldest_lines_are_dropped_to_stay_within_the_bytes() -> None:
    channel = Channels("etl").of("w", "f", None)
    queue = LineQueue(max_lines=1_000, max_bytes=10 * (100 + LINE_OVERHEAD))
    for n in range(25):
        queue.put((channel, n, b"x" * 100), "full")
    lines, _ = queue.take(1_000, 1 << 30)
    assert [number for _, number, _ in lines] == list(range(15, 25))
    assert queue.drops.take() == {(channel, "full"): 15}


def test_every_line_of_many_threads_is_queued_or_counted() -> None:
    channel = Channels("etl").of("w", "f", None)
    queue = LineQueue(max_lines=50, max_bytes=1 << 20)
    taken: List[int] = []
    is_done = threading.Event()

    def put(thread: int) -> None:
        for n in range(5_000):
            queue.put((channel, thread * 5_000 + n, b"{}"), "full")

    def take() -> None:
        while not is_done.is_set() or queue:
            taken.extend(number for _, number, _ in queue.take(100, 1 << 20)[0])

    consumer = threading.Thread(target=take)
    consumer.start()
    _together([lambda thread=thread: put(thread) for thread in range(4)])  # type: ignore[misc]
    is_done.set()
    consumer.join()
    assert len(set(taken)) == len(taken)
    assert len(taken) + queue.drops.total() == 20_000


def test_drops_are_counted_exactly_from_many_threads() -> None:
    channels = Channels("etl")
    drops = Drops()

    def add() -> None:
        for n in range(20_000):
            drops.add(channels.of("w", f"f{n % 7}", None), "full")

    _together([add] * 4)
    assert sum(drops.take().values()) == 80_000
    assert not drops


def test_the_counts_of_many_channels_are_bounded_and_their_sum_is_exact() -> None:
    channels = Channels("etl")
    drops = Drops()
    for n in range(100_000):
        drops.add(channels.of("w", f"f{n % 50_000}", None), "full")
    assert len(drops._counts) < 20_000
    assert drops.total() == 100_000
    assert sum(drops.take().values()) == 100_000


def test_a_channel_that_was_forgotten_is_the_same_channel() -> None:
    channels = Channels("etl")
    first = channels.of("w", "f", None)
    for n in range(5_000):
        channels.of("w", f"f{n}", None)
    drops = Drops()
    drops.add(first, "full")
    drops.add(channels.of("w", "f", None), "full")
    assert drops.take() == {(first, "full"): 2}


def test_drops_in_many_channels_are_reported_once_each(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = make(imitation.url, max_lines=1)
    imitation.answer_next(503)
    publisher.publish("w", "f", {"n": -1})
    wait_until(lambda: publisher.stats()["failures"])
    for n in range(20_000):
        publisher.publish("w", f"f{n}", {"n": n})
    assert publisher.flush(30)
    marked = sum(marker["dropped"] for marker in imitation.markers())
    wait_until(lambda: publisher.stats()["dropped"] + len(imitation.numbers()) == 20_001)
    assert 0 < marked < publisher.stats()["dropped"]
    assert "in more channels than are counted separately" in capsys.readouterr().err


def test_a_recurring_problem_is_reported_once_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    reporter = Reporter(clock=lambda: now[0])
    for _ in range(3_600):
        reporter.say("failed", "the gateway is down")
        reporter.say_once("closed", "closed")
        now[0] += 1
    reported = capsys.readouterr().err.splitlines()
    assert reported.count("datashop_logs: the gateway is down") == 60
    assert reported.count("datashop_logs: closed") == 1


def test_a_missing_standard_error_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    Reporter().say("failed", "nowhere to go")


def _together(tasks: List[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
