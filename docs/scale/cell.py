"""One cell under load: the stages of a send from the request to the recipient's read model."""

import random
from dataclasses import dataclass, field
from math import exp

from costs import Costs, Field
from queueing import poisson_arrivals, quantile, serve, serve_batches

SEND, MARK, INTAKE = range(3)


@dataclass(frozen=True)
class Load:
    """What arrives at a cell, a second."""

    sends: float
    # Read marks and acknowledgements together.
    marks: float
    # Inbox rows of a send and of a mark, of which this share belongs to users of other cells.
    send_rows: float
    mark_rows: float
    foreign: float = 0.0
    # Batches from other cells. They bring as many rows as leave, because all cells are alike.
    intakes: float = 0.0
    syncs: float = 0.0
    # A group with its own sends a second, each with so many inbox rows.
    hot_sends: float = 0.0
    hot_rows: int = 0

    def rows(self):
        """Inbox rows a second."""
        return (
            self.sends * self.send_rows
            + self.marks * self.mark_rows
            + self.hot_sends * self.hot_rows
        )

    def events(self):
        return self.sends + self.hot_sends + self.marks + self.intakes


@dataclass(frozen=True)
class Machine:
    """The processors of a cell that requests, queries and projector sessions have."""

    edge: int = 8
    queries: int = 8
    projectors: int = 1


@dataclass
class Outcome:
    """Latencies in seconds, and the share of the time in which each stage works."""

    send: list = field(default_factory=list)
    visible: list = field(default_factory=list)
    # When each of these messages was seen.
    seen_at: list = field(default_factory=list)
    foreign: list = field(default_factory=list)
    sync: list = field(default_factory=list)
    used: dict = field(default_factory=dict)

    def p99(self, name):
        values = getattr(self, name)
        return quantile(values, 0.99) if values else 0.0


def utilisation(load, machine, costs):
    """The share of the time in which each stage works, by formula, with the largest batches."""
    events = load.events()
    commits = costs.commit_batch(costs.commit_limit) / costs.commit_limit
    batch = costs.project_batch / costs.project_limit
    project = events * (costs.project_event + batch) + load.rows() * costs.project_row
    requests = load.sends + load.hot_sends + load.marks
    full = Field().full_share
    sync = (1 - full) * costs.idle_sync + full * costs.full_sync
    return {
        "edge": requests * costs.edge / machine.edge,
        "committer": events * commits,
        "projector": project / machine.projectors,
        "mirror": events * costs.mirror,
        "queries": load.syncs * sync / machine.queries,
    }


def arrivals(rng, load, seconds):
    """Times, kinds and inbox rows of what arrives, in order."""
    local = 1 - load.foreign
    brought = load.rows() * load.foreign / load.intakes if load.intakes else 0
    kinds = [
        (SEND, load.sends, lambda: spread(rng, load.send_rows * local)),
        (MARK, load.marks, lambda: spread(rng, load.mark_rows * local)),
        (SEND, load.hot_sends, lambda: load.hot_rows * local),
        (INTAKE, load.intakes, lambda: spread(rng, brought)),
    ]
    found = []
    for kind, rate, rows in kinds:
        times = poisson_arrivals(rng, rate, seconds) if rate else []
        found += [(time, kind, rows()) for time in times]
    return sorted(found)


def spread(rng, mean, sigma=0.86):
    """A lognormal number with this mean: group sizes have this spread."""
    return rng.lognormvariate(0, sigma) * mean / exp(sigma * sigma / 2)


def simulate(load, machine, costs=Costs(), seconds=3.0, seed=1, closed=()):
    """Runs the cell. Nothing begins to commit while it is `closed`."""
    rng = random.Random(seed)
    arrived = arrivals(rng, load, seconds)
    times = [time for time, _, _ in arrived]
    edge = serve(times, lambda: rng.expovariate(1 / costs.edge), machine.edge)
    order = sorted(range(len(times)), key=edge.__getitem__)
    committed, commit_work = serve_batches(
        [edge[i] for i in order], costs.commit_batch, costs.commit_limit, closed=closed
    )
    mirrored, mirror_work = serve_batches(committed, costs.mirror_batch, costs.mirror_limit)
    projected, project_work = project(order, committed, arrived, machine, costs)
    outcome = Outcome()
    outcome.used = {
        "edge": len(times) * costs.edge / machine.edge / seconds,
        "committer": commit_work / seconds,
        "projector": project_work / machine.projectors / seconds,
        "mirror": mirror_work / seconds,
    }
    warm = 0 if closed else len(order) // 10
    collect(outcome, rng, warm, (order, arrived, committed, mirrored, projected))
    simulate_syncs(outcome, rng, load, machine, costs, seconds)
    return outcome


def project(order, committed, arrived, machine, costs):
    """The sessions of the projector divide the events among themselves."""
    done, worked = [0.0] * len(order), 0.0
    for session in range(machine.projectors):
        mine = range(session, len(order), machine.projectors)
        rows = [arrived[order[i]][2] for i in mine]
        ends, work = serve_batches(
            [committed[i] for i in mine], costs.project, costs.project_limit, rows
        )
        worked += work
        for i, end in zip(mine, ends):
            done[i] = end
    return done, worked


def collect(outcome, rng, warm, stages):
    """Latencies after the first `warm` requests. A foreign user sees a message after this cell has
    mirrored it, the home cell has asked for it, committed the batch and projected it."""
    taken, sent = [], []
    order, arrived, *ends = stages
    for index, at, mirror, seen in zip(*(stage[warm:] for stage in (order, *ends))):
        time, kind, _ = arrived[index]
        if kind == INTAKE:
            taken.append(seen - time)
        elif kind == SEND:
            outcome.send.append(at - time)
            outcome.visible.append(seen - time)
            outcome.seen_at.append(seen)
            sent.append(mirror - time)
    if taken:
        network, pause = Field().network, 1 / Field().intakes
        outcome.foreign = [
            mirror + network + rng.random() * pause + rng.choice(taken) for mirror in sent
        ]


def simulate_syncs(outcome, rng, load, machine, costs, seconds):
    if not load.syncs:
        return
    times = poisson_arrivals(rng, load.syncs, seconds)
    full = Field().full_share

    def service():
        mean = costs.full_sync if rng.random() < full else costs.idle_sync
        return rng.expovariate(1 / mean)

    ends = serve(times, service, machine.queries)
    outcome.sync = [end - time for time, end in zip(times, ends)]
