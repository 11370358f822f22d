//! The harness of the black-box tests, the fault runs and the benchmarks. It starts real servers
//! and real processes; nothing is mocked.
//!
//! In the order in which a test uses it:
//!
//! - [`process`]: child processes that never outlive this one; [`ports`]: free ports for them.
//! - [`servers`]: one Postgres for this test process and a nats-server for each world.
//!   [`debian_program`]: programs that are not ours.
//! - [`binary`]: the `tidings` under test; [`service`]: runs it; [`database`]: new databases;
//!   [`database_copy`]: an earlier state that takes the place of a database.
//! - [`world`]: a new database, a new stream and a running `tidings up`; [`fleet`]: the same with
//!   one process per service; [`program`]: a `tidings up` on given servers;
//!   [`single_machine`]: one with its own servers in its data directory; [`endpoints`]: how a
//!   load reaches any of these.
//! - [`client`]: HTTP calls of a user with a token from [`token`]; [`response`]: the responses.
//!   [`uploads`]: files and the messages that use them; [`images`]: what has previews; [`bucket`]:
//!   an S3 server, and [`store_proxy`]: a faulty network in front of it.
//! - [`slow_reader`]: a client that does not read. [`seed`]: reproducible randomness.
//! - [`model`]: the reference model of unread counts, inbox and membership; [`history`]: random
//!   histories that are checked against it, with service desks from [`history_desks`].
//! - [`routes`]: all routes, with [`route_bodies`]; [`bad_inputs`]: inputs that they must reject;
//!   [`api_document`]: the served document, and whether answers are what it says. [`desks`]:
//!   service desks, and the sessions of their customers.
//! - [`feed`]: the sync feed as clients read it; [`live`]: live connections; [`raw_socket`]: their
//!   frames, valid or not; [`receiver`]: a receiver of webhooks; [`collector`]: one of traces;
//!   [`check_service`]: a service that checks messages; [`push_providers`]: providers of pushes.
//! - [`log`]: the log, the mirror and the read models, without the code of the services.
//! - [`corpus`]: chat logs and what their import must give; [`message_file`]: generated messages;
//!   [`import_leaks`]: random exports, and who sees which message.
//! - [`chaos`]: a load under faults and the invariants that must hold after it; [`live_soak`]:
//!   devices with live connections under faults; [`failover`]: failovers of a Postgres pair
//!   ([`replication`], [`postgres_setup`]) behind a [`proxy`]; [`pair_world`]: one process on
//!   such a pair; [`network_side`]: what one side of a partition can reach; [`pooler`]: a pooler
//!   that pools by transaction, and [`planted_bug`]: bugs that are planted between a program and
//!   Postgres, both in terms of the [`postgres_protocol`]; [`nats_cluster`]: nats-servers that can
//!   be killed and lost, and an [`outside_consumer`] of the stream; [`nats_storage`]: an embedded
//!   nats-server that cannot write; [`power_loss`]: a machine whose disk loses what was not synced;
//!   [`gapless`]: the order of the log with several writer
//!   processes.

#![deny(missing_docs)]

pub mod api_document;
pub mod bad_inputs;
pub mod binary;
pub mod bucket;
pub mod chaos;
pub mod check_service;
pub mod client;
pub mod collector;
pub mod corpus;
pub mod database;
pub mod database_copy;
pub mod debian_program;
pub mod desks;
pub mod endpoints;
pub mod failover;
pub mod feed;
pub mod fleet;
pub mod gapless;
pub mod history;
pub mod history_desks;
pub mod images;
pub mod import_leaks;
pub mod live;
pub mod live_soak;
pub mod log;
pub mod message_file;
pub mod model;
pub mod nats_cluster;
pub mod nats_storage;
pub mod network_side;
pub mod outside_consumer;
pub mod pair_world;
pub mod planted_bug;
pub mod pooler;
pub mod ports;
pub mod postgres_protocol;
pub mod postgres_setup;
pub mod power_loss;
pub mod process;
pub mod program;
pub mod proxy;
pub mod push_providers;
pub mod raw_socket;
pub mod receiver;
pub mod replication;
pub mod response;
mod route;
pub mod route_bodies;
pub mod routes;
pub mod seed;
pub mod servers;
pub mod service;
pub mod single_machine;
pub mod slow_reader;
pub mod store_proxy;
pub mod token;
pub mod uploads;
pub mod world;
