//! The one binary: all services, the private servers, and the operators' commands.
//!
//! In the order that a call meets it:
//!
//! - [`config`]: every flag and variable. [`secret`]: what of it is never shown. [`usage`]: what
//!   the person at the terminal did wrong. [`logging`]: to standard error.
//! - [`commands`]: one file a command.
//! - [`data_dir`] and [`keys`]: the secret that tokens are signed with, and where the running
//!   system can be reached. [`database`]: which database an operator's command works on.
//! - [`seal_key`]: the key that the log is sealed with.
//! - [`servers`]: a private Postgres and a private nats-server, found or fetched, kept running.
//! - [`service`]: the services themselves, put together, run and stopped.

#![deny(missing_docs)]

pub mod commands;
pub mod config;
pub mod data_dir;
pub mod database;
pub mod keys;
pub mod logging;
pub mod seal_key;
pub mod secret;
pub mod servers;
pub mod service;
pub mod usage;
