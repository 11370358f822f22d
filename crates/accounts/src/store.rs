//! The accounts in the database.

use std::time::{Duration, SystemTime};

use domain::ids::UserId;
use domain::time::Timestamp;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::invites::{self, Invite, InviteCode};
use crate::password::PasswordHash;
use crate::scope::AccountScope;

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

/// What became of a change of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeChange {
    /// The account has the scope; these tokens have to be revoked.
    Changed(Option<PendingRevocation>),
    /// The account has had the scope before.
    Unchanged,
    /// There is no such account.
    NoAccount,
    /// No administrator would remain.
    LastAdministrator,
}

/// What an open account signs in with, and the rights that it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCredentials {
    /// The hash of its password.
    pub hash: PasswordHash,
    /// The scope of its tokens.
    pub scope: AccountScope,
}

/// What can be shown of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// The user.
    pub user: String,
    /// The scope of its tokens.
    pub scope: AccountScope,
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
        let row: Option<AccountRow> = sqlx::query_as(
            "SELECT user_id, scope, created_at, changed_at, password_hash IS NOT NULL
               FROM accounts.accounts WHERE user_id = $1",
        )
        .bind(user.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(AccountRecord::from))
    }

    /// The accounts whose user id begins with `prefix` and is greater than `after`, in the order of
    /// their ids; only those with this scope, if there is one.
    pub async fn list_records(
        &self,
        prefix: &str,
        scope: Option<AccountScope>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<AccountRecord>, sqlx::Error> {
        let rows: Vec<AccountRow> = sqlx::query_as(
            "SELECT user_id, scope, created_at, changed_at, password_hash IS NOT NULL
               FROM accounts.accounts
              WHERE user_id > $3 AND starts_with(user_id, $1) AND ($2::text IS NULL OR scope = $2)
              ORDER BY user_id LIMIT $4",
        )
        .bind(prefix)
        .bind(scope.map(AccountScope::as_str))
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(AccountRecord::from).collect())
    }

    /// What the user signs in with; `None` without an open account.
    pub async fn find_credentials(
        &self,
        user: &str,
    ) -> Result<Option<AccountCredentials>, sqlx::Error> {
        let found: Option<(Option<String>, String)> =
            sqlx::query_as("SELECT password_hash, scope FROM accounts.accounts WHERE user_id = $1")
                .bind(user)
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.and_then(|(hash, scope)| {
            Some(AccountCredentials {
                hash: PasswordHash(hash?),
                scope: parse_scope(&scope),
            })
        }))
    }

    /// Whether these are still the user's credentials. Waits for a change that is under way, so
    /// that no token is issued beside it.
    pub async fn is_current(
        &self,
        user: &str,
        credentials: &AccountCredentials,
    ) -> Result<bool, sqlx::Error> {
        let found: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM accounts.accounts
              WHERE user_id = $1 AND password_hash = $2 AND scope = $3 FOR SHARE",
        )
        .bind(user)
        .bind(&credentials.hash.0)
        .bind(credentials.scope.as_str())
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

    /// Replaces the password, if the credentials are still the `old` ones, and stores that the
    /// earlier tokens are to be revoked.
    pub async fn change_password(
        &self,
        user: &UserId,
        old: &AccountCredentials,
        new: &PasswordHash,
    ) -> Result<Option<PendingRevocation>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let locked = lock_account(&mut transaction, user).await?;
        if locked.is_none_or(|account| !account.has(old)) {
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

    /// Gives the account another scope. Tokens with more rights than it leaves are to be revoked.
    pub async fn set_scope(
        &self,
        user: &UserId,
        scope: AccountScope,
    ) -> Result<ScopeChange, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        // Of two administrators who take each other's scope at once, one is refused.
        let administrators: Vec<String> = sqlx::query_scalar(
            "SELECT user_id FROM accounts.accounts
              WHERE scope = 'admin' AND password_hash IS NOT NULL
              ORDER BY user_id FOR UPDATE",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let Some(account) = lock_account(&mut transaction, user).await? else {
            return Ok(ScopeChange::NoAccount);
        };
        if account.scope == scope {
            return Ok(ScopeChange::Unchanged);
        }
        let others = administrators
            .iter()
            .filter(|other| *other != user.as_str());
        if account.scope == AccountScope::Admin && others.count() == 0 {
            return Ok(ScopeChange::LastAdministrator);
        }
        sqlx::query("UPDATE accounts.accounts SET scope = $2 WHERE user_id = $1")
            .bind(user.as_str())
            .bind(scope.as_str())
            .execute(&mut *transaction)
            .await?;
        let revoked = if scope < account.scope {
            Some(add_revocation(&mut transaction, user).await?)
        } else {
            None
        };
        transaction.commit().await?;
        Ok(ScopeChange::Changed(revoked))
    }

    async fn replace_any(
        &self,
        user: &UserId,
        new: Option<&PasswordHash>,
    ) -> Result<Option<PendingRevocation>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if lock_account(&mut transaction, user).await?.is_none() {
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

/// The columns that can be shown.
type AccountRow = (String, String, OffsetDateTime, OffsetDateTime, bool);

impl From<AccountRow> for AccountRecord {
    fn from((user, scope, created_at, changed_at, is_open): AccountRow) -> Self {
        Self {
            user,
            scope: parse_scope(&scope),
            created_at: created_at.into(),
            changed_at: changed_at.into(),
            is_open,
        }
    }
}

/// The scope in a row. The table has no other than the known ones; a program that knows fewer gives
/// no rights.
fn parse_scope(name: &str) -> AccountScope {
    AccountScope::parse(name).unwrap_or_default()
}

/// An account whose row is locked.
struct LockedAccount {
    /// `None` if it is closed.
    hash: Option<String>,
    scope: AccountScope,
}

impl LockedAccount {
    fn has(&self, credentials: &AccountCredentials) -> bool {
        self.hash.as_ref() == Some(&credentials.hash.0) && self.scope == credentials.scope
    }
}

/// Locks the account. `None` if there is none.
async fn lock_account(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<Option<LockedAccount>, sqlx::Error> {
    let found: Option<(Option<String>, String)> = sqlx::query_as(
        "SELECT password_hash, scope FROM accounts.accounts WHERE user_id = $1 FOR UPDATE",
    )
    .bind(user.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(hash, scope)| LockedAccount {
        hash,
        scope: parse_scope(&scope),
    }))
}

/// Replaces the hash of a locked account, and revokes its tokens.
async fn replace_hash(
    connection: &mut PgConnection,
    user: &UserId,
    new: Option<&PasswordHash>,
) -> Result<PendingRevocation, sqlx::Error> {
    sqlx::query(
        "UPDATE accounts.accounts SET password_hash = $2, changed_at = now() WHERE user_id = $1",
    )
    .bind(user.as_str())
    .bind(new.map(|hash| &hash.0))
    .execute(&mut *connection)
    .await?;
    add_revocation(connection, user).await
}

/// Stores that the tokens of a locked account are to be revoked. The time is taken under the lock:
/// a login that has compared the old password has its token from before, or waits and is refused.
async fn add_revocation(
    connection: &mut PgConnection,
    user: &UserId,
) -> Result<PendingRevocation, sqlx::Error> {
    let before = Timestamp::from(OffsetDateTime::from(SystemTime::now()));
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
