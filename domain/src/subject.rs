//! NATS subjects of events: `tidings.events.<aggregate>.<partition 00-63>.<event type>`.
//! There are few distinct subjects, which keeps the broker's memory small. Ids never become part of
//! a subject.

use crate::envelope::AggregateKind;

/// The default prefix of every event subject.
pub const PREFIX: &str = "tidings.events";

/// The number of partitions over which aggregate ids are distributed.
pub const PARTITION_COUNT: u64 = 64;

/// Builds the subject of an event under `prefix`, which is normally [`PREFIX`].
pub fn event_subject(
    prefix: &str,
    aggregate: AggregateKind,
    aggregate_id: &str,
    event_type: &str,
) -> String {
    let partition = partition(aggregate_id);
    format!(
        "{prefix}.{}.{partition:02}.{event_type}",
        aggregate.as_str()
    )
}

/// The partition of an aggregate id, 0 to 63: FNV-1a over its bytes. It must never change for an
/// id.
pub fn partition(aggregate_id: &str) -> u64 {
    let hash = aggregate_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    hash % PARTITION_COUNT
}
