//! Local accounts: users who sign in with a password that Tidings keeps. They are in the schema
//! `accounts`, which is no part of the log, of its exports or of the stream.
//!
//! - [`password`]: passwords, which never appear in a log or an error.
//! - [`hashing`]: Argon2id, a bounded number of hashes at a time. An unknown user costs the same as
//!   a wrong password.
//! - [`attempts`]: how many wrong passwords a user and an address have, over all processes.
//! - [`store`]: the accounts, and the tokens that are still to be revoked after a change of
//!   password. [`invites`]: codes that open one account each. [`scope`]: the rights of an account.
//! - [`place`]: the name of the deployment, its owner, and the codes to set it up.

#![deny(missing_docs)]

pub mod attempts;
pub mod hashing;
pub mod invites;
pub mod password;
pub mod place;
pub mod scope;
pub mod store;

pub use attempts::{AttemptLimits, LoginAttempt, LoginAttempts, TooManyAttemptsError};
pub use hashing::{HashingError, PasswordHasher};
pub use invites::{Invite, InviteCode};
pub use password::{Password, PasswordHash, PasswordLengthError};
pub use place::{NewOwner, Place, PlaceName, PlaceStore, SetupCode, SetupOutcome};
pub use scope::AccountScope;
pub use store::{
    AccountCredentials, AccountRecord, AccountStore, PendingRevocation, Registration, ScopeChange,
};
