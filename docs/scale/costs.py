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
    disk: float = 500 * MICROSECOND
    # Assumed: a quorum of standbys confirms the commit.
    quorum: float = 500 * MICROSECOND
    commit_limit: int = 500
    # The session of the projector: for a batch, an event and an inbox row.
    project_batch: float = 2_300 * MICROSECOND
    project_event: float = 5.1 * MICROSECOND
    project_row: float = 2.3 * MICROSECOND
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
    # One request of `mixed`: 2,041 a second where the bare route answered 48,150.
    query: float = BARE_ROUTE * 48_150 / 2_041
    # The broker's own rate of one consumer, docs/benchmarks/log.md.
    stream_read: float = 1 / 473_602

    def commit_batch(self, events, _size=0):
        return self.disk + self.quorum + self.commit * events

    def project(self, events, rows):
        return self.project_batch + self.project_event * events + self.project_row * rows

    def mirror_batch(self, events, _size=0):
        return self.mirror * events


@dataclass(frozen=True)
class Bytes:
    """Measured with measure_bytes.py, for a message of 47 bytes of text."""

    # log.events, log.receipts and log.seals, with their indexes, forever.
    message_log: int = 652
    # read.messages with its indexes, and the search index of one machine, forever.
    message_read: int = 343
    index: int = 56
    # A row of read.inbox with its index, for the offline window.
    inbox_row: int = 116
    # The mean of a read mark and an acknowledgement in a group of ten, without inbox rows: for
    # ever, and for the window.
    mark_log: int = 308
    mark_read: int = 135
    mark_window: int = 177
    # The write-ahead log of a message, of each inbox row and of a mark without its rows.
    wal_message: int = 1_644
    wal_row: int = 195
    wal_mark: int = 1_333
    # An event in the stream, which keeps the newest 5 million, and in a Parquet export with seals.
    stream: int = 634
    parquet: int = 293
    socket: float = 8.57 * 1_024


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
    # Assumed: the share of the users, and of the recipients, who are connected.
    users: float = 500e6
    online: float = 0.2
    # Conversations on the first page of an inbox, as in docs/benchmarks/reads.md.
    listed: int = 22
    # The offline window, and how long the rest stays in Postgres: the latter is assumed.
    window_days: int = 7
    hot_days: int = 30
    years: int = 5
    # Assumed: a primary and two standbys, and 1.5 times the size in an object store.
    copies: int = 3
    erasure_code: float = 1.5
    # Conversations of the field, for the evenness of cells: assumed.
    conversations: float = 1e9
    # The intake of the design: batches a second from each other cell.
    intakes: float = 20
    # Assumed: between two machines of one region, and from cell to cell.
    network: float = 0.0005
