//! Tests of every command against a real event log. They need a Postgres server on which databases
//! can be created: set `TIDINGS_TEST_DATABASE_URL` or `DEV_DATABASE_URL`.

mod access;
mod batch;
mod cases;
mod contacts;
mod conversations;
mod erase;
mod hook;
mod import;
mod import_sources;
mod inbox;
mod messages;
mod numbers;
mod old_messages;
mod openapi;
mod profiles;
mod replays;
mod replicas;
mod requests;
mod restores_and_pins;
mod scheduled;
mod support;
