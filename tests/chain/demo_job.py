"""An ETL job that logs as usual, for `npm run demo -- --chain`: `python demo_job.py LINES_PER_SECOND`.

`LogHandler` publishes what the job logs. Nothing else in the job knows of the gateway.
"""

import logging
import os
import random
import sys
import time

from datashop_logs import LogHandler

STAGES = ("INGESTION", "DATA_VALIDATION", "ETL_PROCESSING", "REPORTING")


class Pace(logging.Filter):
    """Waits before each line, so that a reader can follow."""

    def __init__(self, lines_per_second: float) -> None:
        super().__init__()
        self.pause = 1 / lines_per_second

    def filter(self, record: logging.LogRecord) -> bool:
        time.sleep(self.pause)
        return True


def main() -> None:
    handler = LogHandler(
        workspace_id="workspace123",
        workflow_id="workflow456",
        url=os.environ["DATASHOP_LOGS_URL"],
        token=os.environ["DATASHOP_LOGS_TOKEN"],
    )
    handler.addFilter(Pace(float(sys.argv[1])))
    # Without a format, basicConfig would repeat level and logger in each message.
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    log = logging.getLogger("claims")
    run = 0
    while True:
        run += 1
        log.info("Run %d started", run, extra={"pipeline": "PLATFORM_INTERNAL"})
        for stage in STAGES:
            for part in range(1, 4):
                rows = f"{random.randint(100, 50_000):,}"
                log.info("Loaded %s rows, part %d of 3", rows, part, extra={"pipeline": stage})
            if random.random() < 0.3:
                count = random.randint(2, 97)
                log.warning("%d rows have an empty member_id", count, extra={"pipeline": stage})
        try:
            raise TimeoutError("sftp-claims did not answer within 30 s")
        except TimeoutError:
            log.exception("Upload failed, it will be repeated", extra={"pipeline": "REPORTING"})


if __name__ == "__main__":
    main()
