"""Queues, one stage after the other. Times are in seconds.

Messages pass through the stages in one direction, so each stage is computed for all of them before
the next one: no list of events is needed, and a million messages take seconds.
"""

import heapq
import random
from collections import deque


def poisson_arrivals(rng, rate, seconds):
    """The times of arrivals at this rate, in order."""
    times, now = [], rng.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += rng.expovariate(rate)
    return times


def changing_arrivals(rng, rate_at, highest, seconds):
    """Arrivals whose rate is `rate_at(time)` and never above `highest`, by thinning."""
    candidates = poisson_arrivals(rng, highest, seconds)
    return [time for time in candidates if rng.random() * highest < rate_at(time)]


def serve(arrivals, service, servers=1):
    """When each request is done that `servers` serve in order of arrival. `service()` returns how
    long one takes."""
    free = [0.0] * servers
    done = []
    for arrival in arrivals:
        start = max(arrival, heapq.heappop(free))
        end = start + service()
        heapq.heappush(free, end)
        done.append(end)
    return done


def serve_batches(arrivals, duration, limit, sizes=None, closed=()):
    """When each request is done that one session serves in batches, as the committer and the
    projector do: a batch takes everything that waits, up to `limit`.

    `duration(count, size)` is how long a batch takes; `size` is the sum of the `sizes` of its
    requests. `closed` are pairs of times between which no batch begins. Returns the times, and how
    long the session worked.
    """
    done, worked, free, index = [0.0] * len(arrivals), 0.0, 0.0, 0
    while index < len(arrivals):
        start = max(free, arrivals[index])
        for begin, end in closed:
            if begin <= start < end:
                start = end
        last = index
        while last < len(arrivals) and arrivals[last] <= start and last - index < limit:
            last += 1
        size = sum(sizes[index:last]) if sizes else 0
        took = duration(last - index, size)
        free = start + took
        worked += took
        for request in range(index, last):
            done[request] = free
        index = last
    return done, worked


def quantile(values, share):
    """The value below which this share of the values is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class ClosedLoop:
    """Clients that wait for an answer before they send again, as those of `make bench` do, on one
    machine: its processors serve the edge, the committer and the projector in order of arrival.

    The committer waits for the disk without a processor. Work that is not on the way to the answer
    (the mirror, the load generator) is part of `edge`.
    """

    def __init__(self, processors, edge, commit, disk, project, limit=500):
        self.processors, self.edge, self.commit = processors, edge, commit
        self.disk, self.project, self.limit = disk, project, limit

    def run(self, clients, seconds, seed=1):
        """Sends a second, and the median time to the answer."""
        self.rng, self.now, self.order = random.Random(seed), 0.0, 0
        self.events, self.runnable, self.idle = [], deque(), self.processors
        self.queued, self.is_committing, self.unprojected, self.is_projecting = [], False, 0, False
        self.times = []
        for _ in range(clients):
            self.after(self.rng.random() * self.disk, self.send)
        while self.events[0][0] < seconds:
            self.now, _, act = heapq.heappop(self.events)
            act()
        return len(self.times) / seconds, quantile(self.times, 0.5)

    def after(self, delay, act):
        self.order += 1
        heapq.heappush(self.events, (self.now + delay, self.order, act))

    def compute(self, work, act):
        """Calls `act` after so much work on one of the processors."""
        self.runnable.append((work, act))
        self.dispatch()

    def dispatch(self):
        while self.idle and self.runnable:
            work, act = self.runnable.popleft()
            self.idle -= 1
            self.after(work, lambda act=act: self.finish(act))

    def finish(self, act):
        self.idle += 1
        act()
        self.dispatch()

    def send(self):
        began = self.now
        self.compute(self.edge * self.rng.uniform(0.5, 1.5), lambda: self.queue(began))

    def queue(self, began):
        self.queued.append(began)
        if not self.is_committing:
            self.commit_next()

    def commit_next(self):
        batch, self.queued = self.queued[: self.limit], self.queued[self.limit :]
        self.is_committing = bool(batch)
        if batch:
            work = self.commit * len(batch)
            self.compute(work, lambda: self.after(self.disk, lambda: self.answer(batch)))

    def answer(self, batch):
        self.unprojected += len(batch)
        for began in batch:
            self.times.append(self.now - began)
            self.send()
        self.commit_next()
        if not self.is_projecting:
            self.project_next()

    def project_next(self):
        events, self.unprojected = self.unprojected, 0
        self.is_projecting = events > 0
        if events:
            self.compute(self.project(events), self.project_next)
