//! What is stored stays readable: event shapes of every version, and the words in them.

#![allow(clippy::unwrap_used)]

mod envelope;
mod examples;
mod golden;
mod upcast;
mod vocabulary;
