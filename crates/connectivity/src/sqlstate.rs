//! The codes of errors.

use sqlx::error::DatabaseError;

/// Whether Postgres answered with an error whose code begins with one of these. See Appendix A of
/// its documentation.
pub fn has_sqlstate(error: &sqlx::Error, prefixes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| prefixes.iter().any(|prefix| code.starts_with(prefix)))
}
