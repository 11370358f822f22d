//! The `tidings` program: all services, the embedded servers and the operator commands.
//!
//! The modules, in the order in which an invocation passes through them:
//!
//! - [`config`]: command-line flags and environment variables. [`secret`]: values that are masked
//!   when printed. [`usage_error`]: mistakes in the invocation. [`logging`]: logs to standard
//!   error.
//! - [`commands`]: the subcommands, one module each.
//! - [`data_dir`]: the data directory: the token-signing secret, and the address of the running
//!   system. [`token_keys`]: the keys that verify and sign tokens. [`database`]: the database that
//!   an operator command works on.
//! - [`seal_key`]: the key that signs the seals of the log.
//! - [`service`]: the composition root, which assembles, runs and stops the services.

#![deny(missing_docs)]

pub mod commands;
pub mod config;
pub mod data_dir;
pub mod database;
pub mod logging;
pub mod seal_key;
pub mod secret;
pub mod service;
pub mod token_keys;
pub mod usage_error;
