//! The harness of the black-box tests, the fault runs and the benchmarks: real servers, real
//! processes, nothing mocked.
//!
//! In the order in which a test meets it:
//!
//! - [`process`]: child processes that never outlive this one; [`ports`] they listen on.
//! - [`servers`]: one Postgres for this test process, a nats-server for each world; [`binary`]: the
//!   `tidings` under test.
//! - [`service`]: running processes of it; [`database`]: fresh databases.
//! - [`world`]: a fresh database, a fresh stream and a running `tidings up`; [`fleet`]: the same with
//!   one process a service.
//! - [`client`]: calls over HTTP, as a user with a token of [`token`]; [`answer`]: what comes back.
//! - [`eventually`]: bounded polling, the only way to wait; [`seed`]: replayable randomness.
//! - [`model`]: what unread, inbox and membership should be; [`history`]: random histories for it.
//! - [`routes`]: every route there is; [`bad`]: what must be refused on them.
//! - [`feed`]: the sync feed as clients read it; [`log`]: the log, the mirror and the read tables as
//!   they are; [`chaos`]: load and the laws that must hold after it.
//! - [`live_soak`]: many devices that live connections tell everything, whatever happens.
//! - [`gapless`]: several writers in several processes, and one order.
//! - [`live`]: live connections; [`receiver`]: a receiver of webhooks.
//! - [`up`], [`steady`], [`wire`]: what benchmarks share: the program, a Postgres as it is after some hours,
//!   and a load generator.
//! - [`corpus`]: chat logs and the small model of their import; [`generated`]: as many messages as one likes.

#![deny(missing_docs)]

pub mod answer;
pub mod bad;
pub mod binary;
pub mod chaos;
pub mod client;
pub mod corpus;
pub mod database;
pub mod eventually;
pub mod feed;
pub mod fleet;
pub mod gapless;
pub mod generated;
pub mod history;
pub mod live;
pub mod live_soak;
pub mod log;
pub mod model;
pub mod ports;
pub mod process;
pub mod receiver;
pub mod remembered;
pub mod routes;
pub mod seed;
pub mod servers;
pub mod service;
pub mod steady;
pub mod token;
pub mod up;
pub mod wire;
pub mod world;
