"""Exit codes, which scripts can rely on. The documentation lists them."""

OK = 0
NOT_DELIVERED = 1
USAGE = 2
UNREACHABLE = 3
TOKEN_REFUSED = 4
CLOCK_SKEWED = 5
BUFFERED = 6
UNEXPECTED = 7
