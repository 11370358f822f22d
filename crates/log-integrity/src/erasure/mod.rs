//! Erasure: removes the content that the [`ERASURE_EVENT_TYPES`] erase from the events before them.
//!
//! In the order in which it happens:
//!
//! - [`preview`]: counts what an erasure would erase. [`scope`] and [`notes`]: find the messages
//!   and the notes to erase. Commands then append the erasure events; read models and the search
//!   index process them like any other event.
//! - [`redaction`]: removes the content from the affected events, and their salts from the seals.
//! - [`mirror_copies`]: deletes the copies of the affected events from the stream. [`eraser`]: does
//!   both in the background.
//! - [`files`]: rewrites the files that may still contain erased data, because Postgres keeps the
//!   old versions of changed rows for a while.
//! - [`ledger`]: records which event erased what, and the progress. [`retention`] and
//!   [`conversation_retention`]: the progress of erasure by age.

/// The types of the events that erase content from events before them. A scheduled message that is
/// sent or cancelled is erased from the events of the mailbox, and so is a held message on which a
/// moderator has decided. With a file goes its name.
pub const ERASURE_EVENT_TYPES: [&str; 9] = [
    "message_erased",
    "title_erased",
    "profile_erased",
    "notes_erased",
    "scheduled_message_sent",
    "scheduled_message_cancelled",
    "held_message_released",
    "held_message_refused",
    "file_deleted",
];

mod affected_event;
pub mod conversation_retention;
pub mod eraser;
pub mod files;
pub mod ledger;
pub mod mirror_copies;
pub mod notes;
pub mod preview;
pub mod redaction;
pub mod retention;
pub mod scope;
