//! The place: the name of the deployment, and the account that owns it. The owner sets it up with a
//! code that the program prints on the machine, so nobody else can. The database has the digests of
//! the codes only.

use std::fmt;
use std::time::Duration;

use domain::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use crate::invites::random_code;
use crate::password::PasswordHash;
use crate::scope::AccountScope;

/// The maximum length of a name, in code points.
pub const MAX_PLACE_NAME_CHARS: usize = 64;

/// How many codes are valid at a time: each start of a process without an owner issues one.
const MAX_SETUP_CODES: i64 = 8;

/// The name of a place is empty, too long, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "The name of a place must have 1 to {MAX_PLACE_NAME_CHARS} characters, without control \
     characters, and not only spaces."
)]
pub struct PlaceNameError;

/// What a deployment is called: 1 to 64 code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceName(String);

impl PlaceName {
    /// A name to give. Nothing is trimmed.
    pub fn parse(text: &str) -> Result<Self, PlaceNameError> {
        let is_long = text.chars().count() > MAX_PLACE_NAME_CHARS;
        if is_long || text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(PlaceNameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code with which an owner sets the place up. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupCode(String);

impl SetupCode {
    /// A code that somebody presents.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text of the code.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(format!("setup {}", self.0)).into()
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The place as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name; `None` until it has one.
    pub name: Option<String>,
    /// Whether it has an owner.
    pub is_set_up: bool,
}

/// The account of an owner.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// The user.
    pub user: UserId,
    /// The hash of the password.
    pub hash: PasswordHash,
}

/// What became of setting up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupOutcome {
    /// The place has a name and an owner now.
    SetUp,
    /// The code is unknown, used or expired.
    InvalidCode,
    /// The place has an owner.
    HasOwner,
    /// The user id has or had an account.
    Taken,
}

/// The place in the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PlaceStore {
    pool: PgPool,
}

impl PlaceStore {
    /// The place of this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The place.
    pub async fn find(&self) -> Result<Place, sqlx::Error> {
        let found: Option<(Option<String>, bool)> =
            sqlx::query_as("SELECT name, owner IS NOT NULL FROM accounts.place")
                .fetch_optional(&self.pool)
                .await?;
        let (name, is_set_up) = found.unwrap_or_default();
        Ok(Place { name, is_set_up })
    }

    /// Gives the place another name.
    pub async fn rename(&self, name: &PlaceName) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO accounts.place (name) VALUES ($1)
             ON CONFLICT (one_row) DO UPDATE SET name = excluded.name",
        )
        .bind(name.as_str())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Issues a code, and forgets those that have expired and all but the newest. `None` if the
    /// place has an owner.
    pub async fn issue_code(&self, ttl: Duration) -> Result<Option<SetupCode>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if has_owner(&mut transaction).await? {
            return Ok(None);
        }
        let code = SetupCode(random_code());
        sqlx::query(
            "INSERT INTO accounts.setup_codes (digest, expires_at)
             VALUES ($1, now() + make_interval(secs => $2))",
        )
        .bind(code.digest().to_vec())
        .bind(ttl.as_secs_f64())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM accounts.setup_codes
              WHERE expires_at <= now() OR digest NOT IN
                    (SELECT digest FROM accounts.setup_codes ORDER BY expires_at DESC LIMIT $1)",
        )
        .bind(MAX_SETUP_CODES)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(code))
    }

    /// Whether the place could be set up with this code now.
    pub async fn check_code(&self, code: &SetupCode) -> Result<SetupOutcome, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        if has_owner(&mut connection).await? {
            return Ok(SetupOutcome::HasOwner);
        }
        let is_valid = is_valid_code(&mut connection, code).await?;
        Ok(if is_valid {
            SetupOutcome::SetUp
        } else {
            SetupOutcome::InvalidCode
        })
    }

    /// Names the place, and opens the account of its owner with the scope `admin`. All codes go.
    pub async fn set_up(
        &self,
        code: &SetupCode,
        owner: &NewOwner,
        name: &PlaceName,
    ) -> Result<SetupOutcome, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        if has_owner(&mut transaction).await? {
            return Ok(SetupOutcome::HasOwner);
        }
        if !is_valid_code(&mut transaction, code).await? {
            return Ok(SetupOutcome::InvalidCode);
        }
        let opened = sqlx::query(
            "INSERT INTO accounts.accounts (user_id, password_hash, scope) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO NOTHING",
        )
        .bind(owner.user.as_str())
        .bind(&owner.hash.0)
        .bind(AccountScope::Admin.as_str())
        .execute(&mut *transaction)
        .await?;
        if opened.rows_affected() == 0 {
            return Ok(SetupOutcome::Taken);
        }
        sqlx::query("UPDATE accounts.place SET name = $1, owner = $2, set_up_at = now()")
            .bind(name.as_str())
            .bind(owner.user.as_str())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM accounts.setup_codes")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(SetupOutcome::SetUp)
    }
}

/// Whether there is an owner. In a transaction, nobody else sets the place up meanwhile.
async fn has_owner(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let found: Option<bool> =
        sqlx::query_scalar("SELECT owner IS NOT NULL FROM accounts.place FOR UPDATE")
            .fetch_optional(connection)
            .await?;
    Ok(found.unwrap_or(false))
}

/// Compares the code with every valid one, in the same time for each.
async fn is_valid_code(
    connection: &mut PgConnection,
    code: &SetupCode,
) -> Result<bool, sqlx::Error> {
    let digests: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT digest FROM accounts.setup_codes WHERE expires_at > now()")
            .fetch_all(connection)
            .await?;
    let presented = code.digest();
    let is_same = |digest: &Vec<u8>| {
        let differing = digest
            .iter()
            .zip(presented)
            .fold(0, |differing, (a, b)| differing | (a ^ b));
        digest.len() == presented.len() && differing == 0
    };
    Ok(digests
        .iter()
        .fold(false, |found, digest| found | is_same(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_length_and_no_control_characters() {
        for name in ["Tidings", "茶館 ☕", &"名".repeat(64)] {
            assert!(PlaceName::parse(name).is_ok(), "{name}");
        }
        for name in ["", "  ", "a\nb", "a\0", &"名".repeat(65)] {
            assert_eq!(PlaceName::parse(name), Err(PlaceNameError), "{name:?}");
        }
    }

    #[test]
    fn a_code_is_not_shown() {
        let code = SetupCode::presented("0123456789abcdef");
        assert_eq!(format!("{code:?}"), "***");
    }
}
