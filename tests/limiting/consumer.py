"""A process that shares limits: `consumer.py rate ADDRESS PREFIX LIMIT SECONDS` prints when each request was
granted; `consumer.py hold ADDRESS PREFIX LIMIT` takes all places and waits to be killed.
"""

from __future__ import annotations

import sys
import threading
import time

from baimo.client.clock import REAL_CLOCK
from baimo.errors import LimitReachedError
from baimo.limiting.redis import RedisLimiter
from baimo.steps import Reserve
from baimo.types.limits import Claim, Hold, Limit, Settlement


def rate(address: str, prefix: str, limit: int, seconds: float) -> None:
    """Take as much as there is for so long."""
    limiter = RedisLimiter(address, REAL_CLOCK, prefix=prefix)
    claims = (Claim((Hold("k", Limit(requests_per_second=limit)),)),)
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.time() + seconds
    granted = []
    while (left := end - time.time()) > 0:
        try:
            receipt = limiter.reserve(Reserve(claims, left))
        except LimitReachedError:
            break
        granted.append(time.time())
        limiter.settle(receipt, Settlement(verdict="answered"))
    limiter.close()
    print(*granted, flush=True)


def hold(address: str, prefix: str, limit: int) -> None:
    """Hold all places until the end."""
    limiter = RedisLimiter(address, REAL_CLOCK, prefix=prefix, lease_s=1.0)
    claims = (Claim((Hold("k", Limit(concurrency=limit)),)),)
    for _ in range(limit):
        limiter.reserve(Reserve(claims))
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    what, address, prefix, limit, *seconds = sys.argv[1:]
    if what == "rate":
        rate(address, prefix, int(limit), float(seconds[0]))
    else:
        hold(address, prefix, int(limit))
