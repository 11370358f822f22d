//! What all examples are made of.

use domain::ids::UserId;
use domain::time::Timestamp;

/// The event type and version of a golden file, and the event that it decodes to.
pub type Example<E> = (&'static str, i16, E);

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
