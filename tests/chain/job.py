"""An ETL job that numbers its lines: `python job.py FIRST COUNT LINES_PER_SECOND`.

Writes `published N` for each line that it published, and `stored N` when the gateway has confirmed
all lines up to N. The gateway is configured by the environment, as for `publish_etl_log`.
"""

import os
import sys
import time

from datashop_logs import LogPublisher

#: How many lines may be unconfirmed when the job is killed.
LINES_PER_FLUSH = 50


def main() -> None:
    first, count, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    publisher = LogPublisher(os.environ["DATASHOP_LOGS_URL"], os.environ["DATASHOP_LOGS_TOKEN"])
    for number in range(first, first + count):
        log = {"level": "INFO", "pipeline": "NUMBERED", "message": f"number {number}"}
        publisher.publish("workspace123", "workflow456", log)
        print(f"published {number}", flush=True)
        is_last = number == first + count - 1
        if is_last or number % LINES_PER_FLUSH == 0:
            # A job never waits in production: here the test must know what was stored.
            if publisher.flush(timeout=60 if is_last else 1):
                print(f"stored {number}", flush=True)
        time.sleep(1 / rate)


if __name__ == "__main__":
    main()
