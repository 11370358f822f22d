"""Checks the simulation against closed formulas and against rates that were measured.

    python3 -m unittest discover --start-directory docs/scale
"""

import random
import unittest
from math import factorial

from cell import Load, Machine, simulate, utilisation
from costs import Costs
from placement import Population, cell_of_slot, noise_of_many, place, slot_imbalance, slot_of
from queueing import ClosedLoop, poisson_arrivals, serve, serve_batches
from simulate import load_of

SEED = 7
SECONDS = 4_000.0


def mean_wait(arrivals, done, service):
    waits = [end - arrival - service for arrival, end in zip(arrivals, done)]
    return sum(waits) / len(waits)


class Queues(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(SEED)
        self.rate = 0.8 * 50
        self.arrivals = poisson_arrivals(self.rng, self.rate, SECONDS)

    def assert_close(self, found, expected, share=0.05):
        self.assertAlmostEqual(found / expected, 1.0, delta=share)

    def test_one_server_with_random_service_waits_as_m_m_1(self):
        done = serve(self.arrivals, lambda: self.rng.expovariate(50))
        self.assert_close(mean_wait(self.arrivals, done, 1 / 50), 0.8 / (50 - self.rate))

    def test_one_server_with_fixed_service_waits_as_m_d_1(self):
        done = serve(self.arrivals, lambda: 1 / 50)
        self.assert_close(mean_wait(self.arrivals, done, 1 / 50), 0.8 / (2 * 50 * (1 - 0.8)))

    def test_batches_of_one_wait_as_m_d_1(self):
        done, worked = serve_batches(self.arrivals, lambda count, _: count / 50, 1)
        self.assert_close(mean_wait(self.arrivals, done, 1 / 50), 0.8 / (2 * 50 * (1 - 0.8)))
        self.assert_close(worked / SECONDS, 0.8, 0.02)

    def test_several_servers_wait_as_erlang_says(self):
        servers, load = 4, self.rate / 12.5
        done = serve(self.arrivals, lambda: self.rng.expovariate(12.5), servers)
        waiting = load**servers / factorial(servers) / (1 - load / servers)
        waiting /= waiting + sum(load**n / factorial(n) for n in range(servers))
        expected = waiting / (servers * 12.5 - self.rate)
        self.assert_close(mean_wait(self.arrivals, done, 1 / 12.5), expected, 0.06)

    def test_a_backlog_is_gone_after_the_time_of_the_formula(self):
        done, _ = serve_batches(self.arrivals, lambda n, _: n / 50, 1, closed=[(100.0, 110.0)])
        late = [end for arrival, end in zip(self.arrivals, done) if end - arrival > 1]
        self.assert_close(max(e for e in late if e < 400) - 110, 10 * 0.8 / 0.2, 0.25)


class Measured(unittest.TestCase):
    """Closed loops of `benches send --alone`, 2,000 conversations, two processors."""

    # The mirror and the load generator take the processors too.
    EDGE = Costs().edge + Costs().mirror + 5e-6

    def run_clients(self, clients, slower=1.0, disk=Costs().disk):
        costs = Costs()
        loop = ClosedLoop(
            processors=2,
            edge=slower * self.EDGE,
            commit=slower * costs.commit,
            disk=disk,
            project=lambda events: slower * costs.project(events, 2 * events),
        )
        return loop.run(clients, 3.0, SEED)

    def test_the_rates_of_the_page_of_sends(self):
        # Only the disk is fitted, to the first of them.
        for clients, sends in ((16, 8_922), (64, 16_366), (256, 23_347), (512, 24_552)):
            found, _ = self.run_clients(clients)
            self.assertAlmostEqual(found / sends, 1.0, delta=0.15, msg=f"{clients} clients")

    def test_the_rate_on_a_slower_machine(self):
        # Processor and disk are fitted to 16 and 256 clients: 1,757 and 5,347 sends/s.
        found, median = self.run_clients(64, slower=4.5, disk=0.0025)
        self.assertAlmostEqual(found / 3_698, 1.0, delta=0.15)
        self.assertAlmostEqual(median / 0.0153, 1.0, delta=0.25)


class Placing(unittest.TestCase):
    def test_shares_follow_the_formulas(self):
        population = Population(users=5_000, conversations=4_000, direct_share=1.0)
        placed = place(population, 10, 16_384, SEED)
        self.assertAlmostEqual(placed.foreign_rows, 1 - 1 / 10, delta=0.02)
        expected = 9 * (1 - (1 - 1 / 10) ** 2)
        self.assertAlmostEqual(placed.foreign_cells, expected, delta=0.05)

    def test_one_cell_has_nothing_foreign(self):
        placed = place(Population(users=100, conversations=100), 1, 64, SEED)
        self.assertEqual((placed.foreign_rows, placed.crossing_sends), (0.0, 0.0))

    def test_a_slot_never_changes(self):
        self.assertEqual([slot_of(f"c{n}", 1_024) for n in range(4)], [575, 78, 93, 454])

    def test_slots_are_dealt_evenly(self):
        held = [0] * 35
        for slot in range(1_024):
            held[cell_of_slot(slot, 1_024, 35)] += 1
        self.assertEqual(max(held) / (1_024 / 35), slot_imbalance(1_024, 35))

    def test_the_noise_of_many_loads_is_that_of_the_formula(self):
        rng = random.Random(SEED)
        sums = [sum(rng.lognormvariate(0, 0.8) for _ in range(200)) for _ in range(1_000)]
        mean = sum(sums) / len(sums)
        deviation = (sum((value - mean) ** 2 for value in sums) / len(sums)) ** 0.5
        self.assertAlmostEqual(deviation / mean / noise_of_many(0.8, 200), 1.0, delta=0.1)


class Cells(unittest.TestCase):
    LOAD = Load(sends=2_000, marks=2_000, send_rows=11, mark_rows=8, syncs=500)

    def test_the_same_seed_gives_the_same_times(self):
        one, other = (simulate(self.LOAD, Machine(), seconds=0.5, seed=SEED) for _ in range(2))
        self.assertEqual((one.send, one.visible, one.sync), (other.send, other.visible, other.sync))

    def test_a_message_is_seen_after_it_is_acknowledged(self):
        outcome = simulate(self.LOAD, Machine(), seconds=0.5, seed=SEED)
        self.assertTrue(all(send < seen for send, seen in zip(outcome.send, outcome.visible)))

    def test_a_cell_beyond_its_limit_falls_behind(self):
        load = Load(sends=30_000, marks=30_000, send_rows=11, mark_rows=8)
        self.assertGreater(utilisation(load, Machine(), Costs())["projector"], 1)
        outcome = simulate(load, Machine(), seconds=0.5, seed=SEED)
        self.assertGreater(outcome.visible[-1], 3 * outcome.visible[0])

    def test_a_single_cell_has_no_intake(self):
        placed = place(Population(users=100, conversations=100), 1, 64, SEED)
        load = load_of(1, placed)
        self.assertEqual((load.intakes, load.foreign), (0, 0.0))


if __name__ == "__main__":
    unittest.main()
