"""The module that ETL jobs import today: `from sse_publisher import publish_etl_log`.

`from sse_publisher import sse_publisher` works too, as does `import sse_publisher`.
"""

from datashop_logs import sse_publisher
from datashop_logs.sse_publisher import flush, publish_etl_log

__all__ = ["flush", "publish_etl_log", "sse_publisher"]
