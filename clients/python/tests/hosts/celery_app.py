"""A Celery application with a broker of files. Its tasks publish directly and through `logging`."""

from __future__ import annotations

import logging
import os

from celery import Celery

from datashop_logs import LogHandler, LogPublisher
from datashop_logs.hooks import connect_celery

publisher = LogPublisher(os.environ["URL"], os.environ["TOKEN"])
connect_celery(publisher, LogHandler(publisher, workspace_id="w", workflow_id="f"))

app = Celery("tasks", broker="filesystem://")
folder = os.environ["BROKER"]
app.conf.update(
    broker_transport_options={"data_folder_in": folder, "data_folder_out": folder},
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)


@app.task  # type: ignore[untyped-decorator]
def task(n: int) -> None:
    publisher.publish("w", "f", {"n": n})
    if n % 10 == 0:
        logging.getLogger("job").info("task %d", n)
