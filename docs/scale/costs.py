"""What a stage costs, in seconds of a processor. `docs/scale.md` has the source of each figure."""

from dataclasses import dataclass

MICROSECOND = 1e-6

# BENCHMARKS.md: requests a second of the bare route on two processors, its clients included.
BARE_ROUTE = 2 / 145_000


@dataclass(frozen=True)
class Costs:
    """Measured, on the machine of docs/benchmarks/sends.md unless a comment says otherwise."""

    # Service: HTTP, command, relay and fold of one send.
    edge: float = 28 * MICROSECOND
    # The appending session: for an event, and for each batch whatever its size.
    commit: float = 12 * MICROSECOND
    disk: float = 1_000 * MICROSECOND
    commit_limit: int = 500
    # The session of the projector: for a batch, an event and an inbox row.
    project_batch: float = 2_300 * MICROSECOND
    project_event: float = 2 * MICROSECOND
    project_row: float = 4 * MICROSECOND
    project_limit: int = 8_000
    # nats-server: an event in and out.
    mirror: float = 7 * MICROSECOND
    mirror_limit: int = 256
    # One entry to one live connection, all processes together.
    delivery: float = 2 / 145_156
    # docs/benchmarks/reads.md, as ratios to the bare route.
    idle_sync: float = BARE_ROUTE / 0.43
    full_sync: float = BARE_ROUTE / 0.019
    inbox: float = BARE_ROUTE / 0.028
    # The broker's own rate of one consumer, docs/benchmarks/log.md.
    stream_read: float = 1 / 473_602

    def commit_batch(self, events, _size=0):
        return self.disk + self.commit * events

    def project(self, events, rows):
        return self.project_batch + self.project_event * events + self.project_row * rows

    def mirror_batch(self, events, _size=0):
        return self.mirror * events


@dataclass(frozen=True)
class Field:
    """The field's numbers, and what is assumed about them."""

    sends: float = 20e9 / 86_400
    peak: float = 3.0
    syncs: float = 100_000
    # Assumed: one sync in ten finds 20 entries.
    full_share: float = 0.1
    # Assumed: a recipient's device moves its read mark, and acknowledges, once in ten messages.
    marks: float = 0.1
    # Assumed: the senders of those ten messages are so many users, and each gets a receipt.
    senders_of_ack: float = 5
    # Conversations of the field, for the evenness of cells: assumed.
    conversations: float = 1e9
    # The intake of the design: batches a second from each other cell.
    intakes: float = 20
    # Assumed: between two machines of one region, and from cell to cell.
    network: float = 0.0005
