"""Which cell holds a conversation, which one is the home of a user, and what that costs."""

import random
from bisect import bisect
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from math import exp, sqrt


@dataclass(frozen=True)
class Population:
    """Laws of activity. `docs/scale.md` says which are fitted and which are assumed."""

    users: int = 100_000
    conversations: int = 150_000
    # Standard deviations of the logarithms, from corpus_fit.py.
    user_sigma: float = 1.40
    conversation_sigma: float = 1.73
    size_sigma: float = 0.86
    # Assumed: half of the conversations are direct; the median of the others makes the mean below.
    direct_share: float = 0.5
    largest_group: int = 10_000
    # A message has this many members on average, its sender included: ten recipients.
    members_of_message: float = 11.0
    # The share of the members of a conversation who have their home in its cell by design.
    locality: float = 0.0


@dataclass(frozen=True)
class Placement:
    """What a message costs elsewhere, on average, and how uneven the cells are."""

    members: float
    foreign_rows: float
    foreign_cells: float
    crossing_sends: float
    conversation_imbalance: float
    user_imbalance: float


def slot_of(name, slots):
    """The slot of an id. It must not change between runs, so it is no `hash()`."""
    return int.from_bytes(blake2b(str(name).encode(), digest_size=8).digest(), "big") % slots


def cell_of_slot(slot, slots, cells):
    """Slots are dealt to cells in turns, so two cells differ by at most one slot."""
    return slot % cells


def slot_imbalance(slots, cells):
    """The cell with the most slots against the mean, before any difference between slots."""
    return -(-slots // cells) / (slots / cells)


def ring_imbalance(cells, points, seed=1):
    """The largest share of a ring on which each cell has this many points, against the mean."""
    rng = random.Random(seed)
    ring = sorted((rng.random(), cell) for cell in range(cells) for _ in range(points))
    shares = [0.0] * cells
    for (before, _), (at, cell) in zip([(ring[-1][0] - 1, 0), *ring], ring):
        shares[cell] += at - before
    return max(shares) * cells


def noise_of_many(sigma, count):
    """The relative standard deviation of the sum of `count` lognormal loads."""
    return sqrt((exp(sigma**2) - 1) / count)


def group_sizes(rng, population):
    """The members of each conversation, with the mean that the population wants."""
    normals = [rng.gauss(0, population.size_sigma) for _ in range(population.conversations)]
    direct = [rng.random() < population.direct_share for _ in normals]

    def sizes(median):
        return [
            2 if is_direct else min(population.largest_group, 3 + int(median * exp(normal)))
            for is_direct, normal in zip(direct, normals)
        ]

    low, high = 0.0, 1_000.0
    for _ in range(40):
        median = (low + high) / 2
        if sum(sizes(median)) / len(normals) < population.members_of_message:
            low = median
        else:
            high = median
    return sizes(high)


def place(population, cells, slots, seed=1):
    """Places the population on cells, conversations by their slot and users by theirs."""
    rng = random.Random(seed)
    homes = [cell_of_slot(slot_of(f"u{u}", slots), slots, cells) for u in range(population.users)]
    activity = [rng.lognormvariate(0, population.user_sigma) for _ in homes]
    cumulated = list(accumulate(activity))
    sizes = group_sizes(rng, population)
    loads, homed = [0.0] * cells, [0.0] * cells
    rows = foreign = touched = crossing = total = 0.0
    for number, size in enumerate(sizes):
        rate = rng.lognormvariate(0, population.conversation_sigma)
        cell = cell_of_slot(slot_of(f"c{number}", slots), slots, cells)
        others = set()
        for _ in range(size):
            if rng.random() < population.locality:
                home = cell
            else:
                home = homes[bisect(cumulated, rng.random() * cumulated[-1])]
            homed[home] += rate
            if home != cell:
                foreign += rate
                others.add(home)
        loads[cell] += rate
        rows += rate * size
        touched += rate * len(others)
        crossing += rate * bool(others)
        total += rate
    return Placement(
        members=rows / total,
        foreign_rows=foreign / rows,
        foreign_cells=touched / total,
        crossing_sends=crossing / total,
        conversation_imbalance=max(loads) / total * cells,
        user_imbalance=max(homed) / rows * cells,
    )
