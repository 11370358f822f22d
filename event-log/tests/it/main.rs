//! The log on a real Postgres and a real nats-server. The addresses come from the environment:
//! `make test` starts both.

mod appending;
mod mirroring;
mod reading;
mod support;
mod writers;
