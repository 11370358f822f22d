//! The black-box tests, in one program so that they link once and share one Postgres. Each module
//! says in its first lines which law or which line of the contract it shows.

mod access;
mod as_of;
mod bad_input;
mod commands;
mod corpora;
mod fanout;
mod faults;
mod gapless;
mod gateway;
mod idempotency;
mod journey;
mod live;
mod live_soak;
mod log_commands;
mod marks;
mod members;
mod mirror;
mod notifications;
mod openapi;
mod poison;
mod presence;
mod projections;
mod queries;
mod rebuild;
mod receipts;
mod seals;
mod search;
mod search_faults;
mod search_leaks;
mod sizes;
mod sync;
mod teeth;
mod unread;
mod webhooks;
mod wire;
