"""`LogHandler`, with `logging` itself and with the libraries built on it."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import queue
from typing import Any, Iterator

import loguru
import pytest
import structlog
from conftest import Make
from support import TOKEN, Imitation

from datashop_logs import LogHandler


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger that only its own handlers receive, at every level."""
    own = logging.getLogger("test.etl")
    own.setLevel(logging.DEBUG)
    own.propagate = False
    yield own
    own.handlers.clear()


def test_a_record_keeps_its_level_origin_and_extra_fields(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", workflow_id="f")
    logger.addHandler(handler)
    logger.warning("read %d rows", 5, extra={"pipeline": "orders", "rows": 5, "level": "mine"})
    handler.flush()
    (stored,) = imitation.stored
    log = stored.data
    assert stored.channel == "logs:etl:w:f"
    assert (log["level"], log["message"], log["logger"]) == ("WARNING", "read 5 rows", "test.etl")
    assert (log["pipeline"], log["rows"], log["extra.level"]) == ("orders", 5, "mine")
    assert log["file"].endswith("test_handler.py")
    assert log["function"] == "test_a_record_keeps_its_level_origin_and_extra_fields"
    assert log["timestamp"].endswith("+00:00")
    assert not {"args", "msg", "levelno", "relativeCreated"} & set(log)


def test_basic_config_does_not_repeat_the_level_in_the_message(
    make: Make, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w")
    monkeypatch.setattr(logging.root, "handlers", [])
    logging.basicConfig(handlers=[handler])
    logging.warning("read %d rows", 5)
    handler.flush()
    assert [log["message"] for log in imitation.logs()] == ["read 5 rows"]


def test_records_below_the_level_are_not_published(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", level=logging.ERROR)
    logger.addHandler(handler)
    logger.warning("ignored")
    logger.error("published")
    handler.flush()
    assert [log["message"] for log in imitation.logs()] == ["published"]


def test_an_exception_keeps_its_traceback_and_the_stack(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w")
    logger.addHandler(handler)
    try:
        raise KeyError("orders")
    except KeyError:
        logger.exception("failed", stack_info=True)
    handler.flush()
    (log,) = imitation.logs()
    exception = log["exception"]
    assert (exception["type"], exception["message"]) == ("KeyError", "'orders'")
    assert exception["traceback"].startswith("Traceback (most recent call last)")
    assert 'raise KeyError("orders")' in exception["traceback"]
    assert log["stack"].startswith("Stack (most recent call last)")


def test_a_record_may_name_another_channel(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", workflow_id="f")
    logger.addHandler(handler)
    logger.info("other", extra={"workspace_id": "w2", "workflow_id": "f2"})
    logger.info("function", extra={"function_id": "g"})
    handler.flush()
    channels = [stored.channel for stored in imitation.stored]
    assert channels == ["logs:etl:w2:f2", "logs:function:w:g"]
    assert "workflow_id" not in imitation.stored[0].data


class _Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_record_that_cannot_be_formatted_is_published_without_a_traceback_on_stderr(
    make: Make,
    imitation: Imitation,
    logger: logging.Logger,
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w")
    logger.addHandler(handler)
    logger.info("%d rows", "many")
    try:
        raise _Unprintable
    except _Unprintable:
        logger.exception(_Unprintable())
    handler.flush()
    first, second = imitation.logs()
    assert first["message"] == "%d rows (arguments ('many',): TypeError)"
    assert second["exception"]["message"] == "<unprintable _Unprintable>"
    assert capsys.readouterr().err == ""


def test_records_of_a_queue_handler_keep_their_exception(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    waiting: queue.Queue[Any] = queue.Queue()
    logger.addHandler(logging.handlers.QueueHandler(waiting))
    handler = LogHandler(make(imitation.url), workspace_id="w")
    listener = logging.handlers.QueueListener(waiting, handler)
    listener.start()
    try:
        raise KeyError("orders")
    except KeyError:
        logger.exception("failed")
    listener.stop()
    handler.flush()
    (log,) = imitation.logs()
    assert "KeyError: 'orders'" in log["message"] + str(log.get("exception"))


def test_dict_config_creates_a_handler_that_closes_its_publisher(imitation: Imitation) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "live": {
                    "class": "datashop_logs.LogHandler",
                    "level": "INFO",
                    "url": imitation.url,
                    "token": TOKEN,
                    "workspace_id": "w",
                    "workflow_id": "f",
                }
            },
            "loggers": {"test.configured": {"handlers": ["live"], "level": "DEBUG"}},
        }
    )
    logger = logging.getLogger("test.configured")
    (handler,) = logger.handlers
    assert isinstance(handler, LogHandler)
    logger.debug("below the level")
    logger.info("configured")
    logger.handlers.clear()
    handler.close()
    handler.close()
    assert [log["message"] for log in imitation.logs()] == ["configured"]
    assert not handler.publisher._core._run.is_running


def test_a_handler_does_not_close_a_publisher_of_others(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    LogHandler(publisher, workspace_id="w").close()
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    with pytest.raises(TypeError, match="one or the other"):
        LogHandler(publisher, workspace_id="w", token=TOKEN)


def test_structlog_publishes_its_event_dictionary(
    make: Make, imitation: Imitation, logger: logging.Logger
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", workflow_id="f")
    logger.addHandler(handler)
    bound = structlog.wrap_logger(
        logger,
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with structlog.contextvars.bound_contextvars(execution_id="run-7"):
        bound.bind(pipeline="orders").error("read failed", rows=5)
    handler.flush()
    (log,) = imitation.logs()
    assert (log["level"], log["message"]) == ("ERROR", "read failed")
    assert (log["pipeline"], log["rows"], log["execution_id"]) == ("orders", 5, "run-7")


def test_loguru_publishes_through_the_handler(make: Make, imitation: Imitation) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w", workflow_id="f")
    sink = loguru.logger.add(handler, format="{message}")
    try:
        loguru.logger.bind(pipeline="orders").warning("read {} rows", 5)
        try:
            raise KeyError("orders")
        except KeyError:
            loguru.logger.exception("failed")
    finally:
        loguru.logger.remove(sink)
    handler.flush()
    first, second = imitation.logs()
    assert (first["level"], first["message"]) == ("WARNING", "read 5 rows")
    assert first["extra"] == {"pipeline": "orders"}
    assert second["exception"]["type"] == "KeyError"
