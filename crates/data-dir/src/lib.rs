//! The data directory, and what the commands of an operator find through it: the keys, the running
//! system and the database.
//!
//! - [`DataDir`]: the paths in a data directory. [`RunInfo`]: how a running system describes itself
//!   to other commands, and [`RunFile`], which exists as long as that system runs.
//! - [`ServerUrls`]: the configured servers, or else those of the running system.
//!   [`with_database`]: the database that an operator command works on.
//! - [`postgres`]: connections, and the migration of the schema. [`retry`]: retries until a server
//!   is available. [`ReaderAccess`]: sessions of a role that can only read. [`AnalystRole`]: the
//!   roles that can read the views for analysts.
//! - [`TokenKeys`]: the keys that verify and sign tokens. [`seal_key`]: the key that signs the
//!   seals of the log. `key_file`: files with such a key. [`demo`]: which directory is a demo's.
//! - [`secret`]: values that are masked when printed. [`UsageError`]: mistakes in the invocation.
//!   [`format_count`]: numbers with their nouns.
//!
//! The subdirectory of the embedded servers belongs to `embedded_servers`.

#![deny(missing_docs)]

mod analyst_role;
mod counted;
mod database;
pub mod demo;
mod directory;
mod key_file;
pub mod postgres;
mod reader_access;
pub mod retry;
mod run_file;
pub mod seal_key;
pub mod secret;
mod server_urls;
mod token_keys;
mod usage_error;

pub use analyst_role::{AnalystRole, NewLogin};
pub use counted::{format_count, inflect};
pub use database::{OperatorDatabase, with_database, with_migrated_database, with_new_database};
pub use directory::DataDir;
pub use postgres::open_operator_pool;
pub use reader_access::ReaderAccess;
pub use run_file::{RunFile, RunInfo};
pub use secret::{SecretString, ServerUrl};
pub use server_urls::ServerUrls;
pub use token_keys::{AUTH_SECRET_VARIABLE, TokenKeyFiles, TokenKeys};
pub use usage_error::UsageError;
