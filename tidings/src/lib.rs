//! The `tidings` program: the command line, and the composition of the services.
//!
//! The modules, in the order in which an invocation passes through them:
//!
//! - [`config`]: command-line flags and environment variables. [`logging`]: logs to standard error.
//! - [`commands`]: the subcommands, one module each: they call a library and print its result.
//!   [`progress`]: their progress bars.
//! - [`service`]: the composition root, which assembles, runs and stops the services.

#![deny(missing_docs)]

pub mod commands;
pub mod config;
pub mod logging;
pub mod progress;
pub mod service;
