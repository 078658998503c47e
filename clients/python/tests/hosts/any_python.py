"""A job for every supported version of Python: threads, a fork, child processes, exit handlers."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import sys
import threading

from datashop_logs import LogHandler, LogPublisher, sse_publisher


def after_ours() -> None:
    log(5_000)


# Registered before the first publisher is created, so it runs after the publisher's own handler.
atexit.register(after_ours)
publisher = LogPublisher(os.environ["URL"], os.environ["TOKEN"])


def log(n: int) -> None:
    publisher.publish("w", "f", {"n": n})


def main() -> None:
    only_at_exit = sys.argv[1:] == ["only-at-exit"]
    if only_at_exit:
        return
    threads = [threading.Thread(target=log, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(10, 2_000):
        log(n)
    if os.fork() == 0:
        log(2_000)
        os._exit(0 if publisher.flush(20) else 1)
    assert os.wait()[1] == 0
    children = [
        multiprocessing.get_context("fork").Process(target=log, args=(2_001,)),
        multiprocessing.get_context("spawn").Process(target=log, args=(2_002,)),
    ]
    for child in children:
        child.start()
        child.join()
    handler = LogHandler(publisher, workspace_id="w", workflow_id="f")
    logger = logging.getLogger("job")
    logger.addHandler(handler)
    logger.warning("warned", extra={"n": 2_003})
    assert sse_publisher.flush()


if __name__ == "__main__":
    main()
