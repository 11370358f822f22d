//! The flood detector: a pure fold over the messages of the log, in its order, by the times of its
//! events. The same log therefore gives the same acts.
//!
//! In the order in which a message passes through it:
//!
//! - [`near_equal`]: the form in which near-equal texts are the same.
//! - `recent_texts`: the messages that the rules can still count, in bounded memory.
//! - `offences`: what senders have done within the last day.
//! - [`detector`]: compares each message with the rules, and decides what happens.

pub mod detector;
pub mod near_equal;
mod offences;
mod recent_texts;

pub use detector::{FloodAct, FloodDetector, SentText};
pub use offences::{FloodOffence, FloodSilence};
