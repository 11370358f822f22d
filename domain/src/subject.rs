//! Where an event is published: `tidings.events.<aggregate>.<partition 00-63>.<event type>`.
//! Few subjects, so that the broker's memory stays small; ids never become subject text.

use crate::envelope::AggregateKind;

/// The first part of every event's subject.
pub const PREFIX: &str = "tidings.events";

/// How many partitions the ids of an aggregate are spread over.
pub const PARTITIONS: u64 = 64;

/// The subject of an event, below `prefix` (normally [`PREFIX`]).
pub fn of(prefix: &str, aggregate: AggregateKind, aggregate_id: &str, event_type: &str) -> String {
    let partition = partition(aggregate_id);
    format!(
        "{prefix}.{}.{partition:02}.{event_type}",
        aggregate.as_str()
    )
}

/// 0 to 63, the same for an id for ever: FNV-1a over its bytes.
pub fn partition(aggregate_id: &str) -> u64 {
    let hash = aggregate_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    hash % PARTITIONS
}
