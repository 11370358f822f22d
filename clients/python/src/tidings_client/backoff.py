"""How long to wait before the next attempt."""

from __future__ import annotations

import random

#: No delay of our own is longer; those that the server asks for can be.
LONGEST_SECONDS = 20.0


class Backoff:
    """Delays that double from attempt to attempt, up to a limit.

    Half of each delay is random, so that clients which failed together do not come back together.
    """

    def __init__(self, first: float = 0.5) -> None:
        self._first = first
        self._attempts = 0

    def next_delay(self, retry_after: float | None = None) -> float:
        """The seconds to wait now: at least as long as the server advises."""
        ceiling = min(LONGEST_SECONDS, self._first * 2.0**self._attempts)
        # More attempts would change nothing, but overflow one day.
        self._attempts = min(self._attempts + 1, 32)
        delay = ceiling * random.uniform(0.5, 1.0)
        if retry_after is None:
            return delay
        return max(delay, retry_after * random.uniform(1.0, 1.1))

    def reset(self) -> None:
        """Starts over, after a success."""
        self._attempts = 0
