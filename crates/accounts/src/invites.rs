//! Invites: codes that open one account each. The database has their digests only.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// The code of an invite. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(String);

/// An invite that has been issued.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Its code, which only the issuer sees.
    pub code: InviteCode,
    /// When it can no longer be used.
    pub expires_at: OffsetDateTime,
}

impl InviteCode {
    /// A code that somebody presents. Every text is one; most open nothing.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn generate() -> Self {
        Self(random_code())
    }

    /// The text of the code.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// 244 random bits, which nobody guesses.
pub(crate) fn random_code() -> String {
    let halves = [Uuid::new_v4(), Uuid::new_v4()].map(|half| half.simple().to_string());
    halves.concat()
}

/// Issues an invite for one account, and forgets those that have expired.
pub(crate) async fn issue(pool: &PgPool, ttl: Duration) -> Result<Invite, sqlx::Error> {
    let code = InviteCode::generate();
    sqlx::query("DELETE FROM accounts.invites WHERE expires_at <= now()")
        .execute(pool)
        .await?;
    let expires_at = sqlx::query_scalar(
        "INSERT INTO accounts.invites (digest, expires_at)
         VALUES ($1, now() + make_interval(secs => $2))
         RETURNING expires_at",
    )
    .bind(code.digest().to_vec())
    .bind(ttl.as_secs_f64())
    .fetch_one(pool)
    .await?;
    Ok(Invite { code, expires_at })
}
