//! The accounts in the database.

use std::time::{Duration, SystemTime};

use domain::ids::UserId;
use domain::time::Timestamp;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::invites::{self, Invite, InviteCode};
use crate::password::PasswordHash;

/// The accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccountStore {
    pool: PgPool,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The account exists now.
    Created,
    /// The user id has or had an account.
    Taken,
    /// The invite is unknown, used up or expired.
    InvalidInvite,
}

/// Tokens that have to be revoked, because a password has changed. It is stored in the transaction
/// that changes the password, so that it happens even if the process ends in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRevocation {
    /// The user.
    pub user: UserId,
    /// Tokens issued at this time or before are revoked.
    pub before: Timestamp,
}

/// What can be shown of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its password was last set, or when it was closed.
    pub changed_at: Timestamp,
    /// Whether its user can sign in.
    pub is_open: bool,
}

impl AccountStore {
    /// The accounts in this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Whether the user has an account, or had one that was closed.
    pub async fn exists(&self, user: &UserId) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM accounts.accounts WHERE user_id = $1)")
            .bind(user.as_str())
            .fetch_one(&self.pool)
            .await
    }

    /// What can be shown of the user's account, if there is or was one.
    pub async fn find_record(&self, user: &UserId) -> Result<Option<AccountRecord>, sqlx::Error> {
        let found: Option<(OffsetDateTime, OffsetDateTime, bool)> = sqlx::query_as(
            "SELECT created_at, changed_at, password_hash IS NOT NULL
               FROM accounts.accounts WHERE user_id = $1",
        )
        .bind(user.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(
            found.map(|(created_at, changed_at, is_open)| AccountRecord {
                created_at: created_at.into(),
                changed_at: changed_at.into(),
                is_open,
            }),
        )
    }

    /// The hash of a user's password; `None` without an open account.
    pub async fn find_hash(&self, user: &str) -> Result<Option<PasswordHash>, sqlx::Error> {
        let found: Option<Option<String>> =
            sqlx::query_scalar("SELECT password_hash FROM accounts.accounts WHERE user_id = $1")
                .bind(user)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.flatten().map(PasswordHash))
    }

    /// Whether this is still the hash of the user's password. Waits for a change of the password
    /// that is under way, so that no token is issued beside it.
    pub async fn is_current(&self, user: &str, hash: &PasswordHash) -> Result<bool, sqlx::Error> {
        let found: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM accounts.accounts WHERE user_id = $1 AND password_hash = $2 FOR SHARE",
        )
        .bind(user)
        .bind(&hash.0)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found.is_some())
    }

    /// Creates an account, and uses up the invite if there is one.
    pub async fn register(
        &self,
        user: &UserId,
        hash: &PasswordHash,
        invite: Option<&InviteCode>,
    ) -> Result<Registration, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if let Some(invite) = invite {
            let spent = sqlx::query(
                "DELETE FROM accounts.invites WHERE digest = $1 AND expires_at > now()",
            )
            .bind(invite.digest().to_vec())
            .execute(&mut *transaction)
            .await?;
            if spent.rows_affected() == 0 {
                return Ok(Registration::InvalidInvite);
            }
        }
        let created = sqlx::query(
            "INSERT INTO accounts.accounts (user_id, password_hash) VALUES ($1, $2)
             ON CONFLICT (user_id) DO NOTHING",
        )
        .bind(user.as_str())
        .bind(&hash.0)
        .execute(&mut *transaction)
        .await?;
        if created.rows_affected() == 0 {
            return Ok(Registration::Taken);
        }
        transaction.commit().await?;
        Ok(Registration::Created)
    }

    /// Takes back a registration whose display name was refused.
    pub async fn undo_registration(
        &self,
        user: &UserId,
        hash: &PasswordHash,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM accounts.accounts WHERE user_id = $1 AND password_hash = $2")
            .bind(user.as_str())
            .bind(&hash.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Replaces the password, if it is still the `old` one, and stores that the earlier tokens are
    /// to be revoked.
    pub async fn change_password(
        &self,
        user: &UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<Option<PendingRevocation>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let locked = lock_hash(&mut transaction, user).await?;
        if locked.flatten().as_ref() != Some(&old.0) {
            return Ok(None);
        }
        let pending = replace_hash(&mut transaction, user, Some(new)).await?;
        transaction.commit().await?;
        Ok(Some(pending))
    }

    /// Gives the account another password, whatever the old one was. `None` if there is no account.
    pub async fn reset_password(
        &self,
        user: &UserId,
        new: &PasswordHash,
    ) -> Result<Option<PendingRevocation>, sqlx::Error> {
        self.replace_any(user, Some(new)).await
    }

    /// Closes the account: nobody can sign in with it, and its user id stays taken. `None` if there
    /// is no account.
    pub async fn close(&self, user: &UserId) -> Result<Option<PendingRevocation>, sqlx::Error> {
        self.replace_any(user, None).await
    }

    async fn replace_any(
        &self,
        user: &UserId,
        new: Option<&PasswordHash>,
    ) -> Result<Option<PendingRevocation>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if lock_hash(&mut transaction, user).await?.is_none() {
            return Ok(None);
        }
        let pending = replace_hash(&mut transaction, user, new).await?;
        transaction.commit().await?;
        Ok(Some(pending))
    }

    /// The revocations that are still to be done, oldest first.
    pub async fn list_pending_revocations(
        &self,
        limit: i64,
    ) -> Result<Vec<PendingRevocation>, sqlx::Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT user_id, before_ms FROM accounts.revocations ORDER BY before_ms LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let pending = rows.into_iter().filter_map(|(user, before)| {
            Some(PendingRevocation {
                user: UserId::parse(&user).ok()?,
                before: Timestamp::from_millis(before),
            })
        });
        Ok(pending.collect())
    }

    /// Forgets a revocation that the log has. A later one of the same user stays.
    pub async fn settle(&self, done: &PendingRevocation) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM accounts.revocations WHERE user_id = $1 AND before_ms <= $2")
            .bind(done.user.as_str())
            .bind(done.before.millis())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Issues an invite for one account.
    pub async fn invite(&self, ttl: Duration) -> Result<Invite, sqlx::Error> {
        invites::issue(&self.pool, ttl).await
    }
}

/// Locks the account. `None` if there is none, `Some(None)` if it is closed.
async fn lock_hash(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<Option<Option<String>>, sqlx::Error> {
    sqlx::query_scalar("SELECT password_hash FROM accounts.accounts WHERE user_id = $1 FOR UPDATE")
        .bind(user.as_str())
        .fetch_optional(connection)
        .await
}

/// Replaces the hash of a locked account. The time of the revocation is taken under the lock: a
/// login that has compared the old password has its token from before, or waits and is refused.
async fn replace_hash(
    connection: &mut PgConnection,
    user: &UserId,
    new: Option<&PasswordHash>,
) -> Result<PendingRevocation, sqlx::Error> {
    let before = Timestamp::from(OffsetDateTime::from(SystemTime::now()));
    sqlx::query(
        "UPDATE accounts.accounts SET password_hash = $2, changed_at = now() WHERE user_id = $1",
    )
    .bind(user.as_str())
    .bind(new.map(|hash| &hash.0))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO accounts.revocations AS r (user_id, before_ms) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE
            SET before_ms = greatest(r.before_ms, excluded.before_ms)",
    )
    .bind(user.as_str())
    .bind(before.millis())
    .execute(connection)
    .await?;
    Ok(PendingRevocation {
        user: user.clone(),
        before,
    })
}
