//! Stored data stays readable: events of every version, and the value types in them.

#![allow(clippy::unwrap_used)]

mod avatar_examples;
mod bodies;
mod case_examples;
mod desk_examples;
mod envelope;
mod example_values;
mod examples;
mod file_examples;
mod flag_examples;
mod golden;
mod held_examples;
mod mailbox_examples;
mod system_examples;
mod upcast;
mod vocabulary;
