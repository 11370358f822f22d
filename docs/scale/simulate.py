"""Tidings in cells, at the field's numbers: placement, queues, a hot group, the loss of a cell.

    python3 docs/scale/simulate.py [--seed N] [--quick]

`docs/scale.md` explains the model and its results. The program needs nothing but Python, takes its
costs from costs.py, and prints the same tables for the same seed.
"""

import argparse
from dataclasses import replace
from math import comb, cos, pi

from cell import Load, Machine, simulate, utilisation
from costs import Bytes, Costs, Field
from placement import Population, noise_of_many, place, ring_imbalance, slot_imbalance

COSTS, FIELD, BYTES = Costs(), Field(), Bytes()
SLOTS = 16_384
CELLS = (12, 35, 70, 140, 280)


def table(title, columns, rows):
    print(f"\n## {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(str(value) for value in row)} |")


def percent(share):
    return f"{share:.0%}"


def milliseconds(seconds):
    return f"{seconds * 1_000:.1f}" if seconds < 1 else f"{seconds:,.0f} s"


def load_of(cells, placed, scale=1.0, marks=FIELD.marks):
    """What one of so many cells gets at the peak. With one cell, nothing is foreign."""
    sends = FIELD.sends * FIELD.peak / cells * scale
    receivers = placed.members - 1
    # A read mark is an entry of every member, and an acknowledgement one of some senders.
    mark_rows = (placed.members + min(FIELD.senders_of_ack, receivers)) / 2
    return Load(
        sends=sends,
        marks=sends * receivers * marks * 2,
        send_rows=placed.members,
        mark_rows=mark_rows if marks else 0,
        foreign=placed.foreign_rows,
        intakes=(cells - 1) * FIELD.intakes,
        syncs=FIELD.syncs / cells * scale,
    )


def unevenness(cells):
    """The busiest cell against the mean: one slot more than others, and three standard deviations
    of the sum of its conversations."""
    noise = noise_of_many(Population().conversation_sigma, FIELD.conversations / cells)
    return slot_imbalance(SLOTS, cells) * (1 + 3 * noise)


def show_placement(placements):
    rows = [
        (
            cells,
            f"{placed.members:.1f}",
            percent(placed.crossing_sends),
            f"{placed.foreign_cells:.1f}",
            percent(placed.foreign_rows),
            f"{cells * (1 - (1 - 1 / cells) ** FIELD.listed):.1f}",
            f"{slot_imbalance(1_024, cells):.3f}",
            f"{unevenness(cells):.3f}",
            f"{ring_imbalance(cells, 100):.3f}",
        )
        for cells, placed in placements.items()
    ]
    columns = ("cells", "members of a message", "sends that reach another cell", "cells reached")
    columns += ("rows for other cells", f"cells of {FIELD.listed} conversations")
    columns += ("busiest cell, 1,024 slots", f"{SLOTS:,} slots")
    table("Placement", (*columns, "a ring of 100 points a cell"), rows)


def show_cells(placements, seed, seconds):
    """The busiest cell at the peak, with one projector session and with several."""
    rows = []
    for projectors in (1, 4):
        machine = Machine(projectors=projectors)
        for cells, placed in placements.items():
            load = load_of(cells, placed, unevenness(cells))
            rows.append((projectors, cells, *cell_row(load, machine, seed, seconds)))
    columns = ("projector sessions", "cells", "sends/s a cell", "edge", "committer", "projector")
    columns += ("mirror", "queries", "first to saturate", "p99 of a send, ms", "seen in the cell")
    table("The busiest cell at the peak", (*columns, "seen from another cell", "sync"), rows)


def cell_row(load, machine, seed, seconds):
    used = utilisation(load, machine, COSTS)
    first = max(used, key=used.get)
    stages = ("edge", "committer", "projector", "mirror", "queries")
    shares = [percent(used[name]) for name in stages]
    if used[first] >= 1:
        latencies = ["-"] * 4
    else:
        outcome = simulate(load, machine, COSTS, seconds, seed)
        names = ("send", "visible", "foreign", "sync")
        latencies = [milliseconds(outcome.p99(name)) for name in names]
    return f"{load.sends:,.0f}", *shares, first, *latencies


def show_needed(placements):
    """The fewest cells whose stages all work at most half of the time at the peak."""
    rows = []
    for marks, name in ((0.0, "sends alone"), (FIELD.marks, "sends, read marks and receipts")):
        for projectors in (1, 2, 4):
            cells = fewest_cells(placements[max(placements)], marks, Machine(projectors=projectors))
            load = load_of(cells, placements[max(placements)], 1.0, marks)
            used = utilisation(load, Machine(projectors=projectors), COSTS)
            rows.append((name, projectors, cells, f"{load.sends:,.0f}", max(used, key=used.get)))
    columns = ("load", "projector sessions", "cells", "sends/s a cell", "at its limit first")
    table("Cells for half load at the peak", columns, rows)


def fewest_cells(placed, marks, machine, most=2_000):
    """The first number that does it, or None: the intake grows with the number of cells."""
    for cells in range(2, most):
        used = utilisation(load_of(cells, placed, 1.0, marks), machine, COSTS)
        if max(used.values()) <= 0.5:
            return cells
    return None


def show_intake(placements):
    """What a home cell reads a second: all streams, or only what concerns its users."""
    rows = []
    for cells, placed in placements.items():
        load = load_of(cells, placed)
        events = load.sends + load.marks
        whole = events * (cells - 1)
        own = events * placed.foreign_cells
        rows.append(
            (
                cells,
                f"{whole:,.0f}",
                f"{whole * COSTS.stream_read:.1f}",
                f"{own:,.0f}",
                f"{own * COSTS.stream_read:.2f}",
            )
        )
    columns = ("cells", "whole streams, events/s", "consumers flat out", "only its own, events/s")
    table("Intake of one cell", (*columns, "consumers flat out"), rows)


def show_hot_group(placed, cells, seed, seconds):
    machine = Machine(projectors=4)
    groups = [("none", 0, 0), ("500 members, 20 sends/s", 20, 500)]
    groups += [("500 members, 100 sends/s", 100, 500), ("100,000 members, 1,000 sends/s", 1_000, 0)]
    rows = []
    for name, sends, members in groups:
        load = replace(load_of(cells, placed), hot_sends=sends, hot_rows=members)
        used = utilisation(load, machine, COSTS)
        outcome = simulate(load, machine, COSTS, seconds, seed)
        latencies = [milliseconds(outcome.p99(name)) for name in ("send", "visible", "foreign")]
        rows.append((name, percent(used["committer"]), percent(used["projector"]), *latencies))
    columns = ("hot group", "committer", "projector", "p99 of a send, ms", "seen in the cell")
    table(f"A hot group, {cells} cells", (*columns, "seen from another cell"), rows)


def show_loss(placed, cells, seed, closed):
    """The cell commits nothing for a while; what was refused is sent again when it is back."""
    machine = Machine(projectors=4)
    begin, end = closed
    rows = []
    for name, scale in (("mean", 1 / FIELD.peak), ("peak", 1.0)):
        part = load_of(cells, placed, scale)
        used = utilisation(part, machine, COSTS)
        bound = max(used["committer"], used["projector"])
        expected = (end - begin) * bound / (1 - bound)
        seconds = end + 2 * expected + 2
        outcome = simulate(part, machine, COSTS, seconds, seed, [closed])
        rows.append(
            (
                name,
                f"{part.sends:,.0f}",
                milliseconds(max(outcome.send)),
                milliseconds(max(outcome.visible)),
                f"{expected:.1f} s",
                f"{catch_up(outcome, end):.1f} s",
            )
        )
    columns = ("at", "sends/s", "longest send", "longest until seen", "catch-up by formula")
    table(f"A cell is away for {end - begin} s, {cells} cells", (*columns, "simulated"), rows)


def catch_up(outcome, end):
    """How long after its return the cell still has messages that are late by a second."""
    late = [at for at, delay in zip(outcome.seen_at, outcome.visible) if delay > 1]
    return max(late, default=end) - end


def rate_of_day(hour, power):
    """A day whose busiest hour is at noon; its mean is that of cos^2p over half a turn."""
    mean = comb(2 * power, power) / 4**power
    return cos(pi * (hour - 12) / 24) ** (2 * power) / mean


def show_day():
    """How far a projector falls behind in a day if it is not made for the peak."""
    power, steps = 3, 24 * 60
    shape = [rate_of_day(minute / 60, power) for minute in range(steps)]
    top = max(shape)
    rows = []
    for share in (1.0, 0.8, 0.6, 0.5):
        behind, worst, hours = 0.0, 0.0, 0
        for rate in shape:
            behind = max(0.0, behind + (rate - top * share) * 60)
            worst, hours = max(worst, behind / (top * share)), hours + (behind > 0)
        rows.append((percent(share), f"{worst / 60:,.0f} min", f"{hours / 60:.1f} h"))
    columns = ("capacity, of the peak", "longest lag of the read models", "behind for")
    table(f"A day with a peak of {top:.1f} times its mean", columns, rows)


def show_storage(placed):
    """Terabytes of one copy, unless the row says otherwise."""
    rows = []
    for marks, name in ((0.0, "messages alone"), (FIELD.marks, "with read marks and receipts")):
        load = load_of(1, placed, 1 / FIELD.peak, marks)
        daily = 86_400 / 1e12
        per_mark = load.marks * daily
        log = load.sends * daily * BYTES.message_log + per_mark * BYTES.mark_log
        read = load.sends * daily * BYTES.message_read + per_mark * BYTES.mark_read
        window = load.rows() * daily * BYTES.inbox_row + per_mark * BYTES.mark_window
        hot = (log + read) * FIELD.hot_days + window * FIELD.window_days
        everything = (log + read) * 365 * FIELD.years
        cold = load.events() * daily * BYTES.parquet * 365 * FIELD.years * FIELD.erasure_code
        row = (log + read, window, wal_rate(load) * daily)
        row += (hot * FIELD.copies, everything * FIELD.copies, cold)
        rows.append((name, *(f"{value:,.0f}" for value in row)))
    columns = ("TB", "log and read models a day", "inbox rows a day", "WAL a day")
    hot = f"{FIELD.hot_days} days in Postgres, {FIELD.copies} copies"
    columns += (hot, f"{FIELD.years} years so", f"{FIELD.years} years in Parquet")
    table("Storage", columns, rows)


def show_machines(placed, cells):
    """What the machines in front of the logs need together, and a cell's Postgres each."""
    load = load_of(1, placed)
    edge = (load.sends + load.marks) * COSTS.edge
    online = load.sends * (placed.members - 1) * FIELD.online
    sync = (1 - FIELD.full_share) * COSTS.idle_sync + FIELD.full_share * COSTS.full_sync
    rows = [
        ("processors of commands", f"{edge:,.0f}"),
        (f"processors of delivery, {FIELD.online:.0%} online", f"{online * COSTS.delivery:,.0f}"),
        ("processors of syncs", f"{load.syncs * sync:,.0f}"),
        ("the same if each send came with ten queries", f"{load.sends * 10 * COSTS.query:,.0f}"),
        ("memory of sockets, GB", f"{FIELD.users * FIELD.online * BYTES.socket / 1e9:,.0f}"),
        (f"WAL of one of {cells} cells at the peak, MB/s", f"{wal_rate(load) / cells / 1e6:,.0f}"),
        ("hot pages of its inbox index, GB", f"{FIELD.users / cells * 8_192 / 1e9:,.0f}"),
        ("its index, share of a thread at the peak", percent(load.sends / cells / 35_629)),
    ]
    table("Machines at the peak", ("what", "needed"), rows)


def wal_rate(load):
    return (
        load.sends * BYTES.wal_message + load.marks * BYTES.wal_mark + load.rows() * BYTES.wal_row
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    args = parser.parse_args()
    scale = 0.1 if args.quick else 1.0
    population = Population(
        users=int(100_000 * scale), conversations=int(60_000 * scale), size_sigma=0.86
    )
    placements = {cells: place(population, cells, SLOTS, args.seed) for cells in CELLS}
    near = place(replace(population, locality=0.8), 140, SLOTS, args.seed)
    print(f"Seed {args.seed}. Near: {percent(near.foreign_rows)} of the rows go to other cells.")
    show_placement(placements)
    show_needed(placements)
    show_cells(placements, args.seed, 3.0 * scale)
    show_intake(placements)
    show_hot_group(placements[140], 140, args.seed, 5.0 * scale)
    show_loss(placements[140], 140, args.seed, (1.0, 1.0 + 30 * scale))
    show_day()
    show_storage(placements[140])
    show_machines(placements[140], 140)


if __name__ == "__main__":
    main()
