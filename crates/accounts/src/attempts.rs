//! How many wrong passwords a user and an address have within a window, in the database, so that
//! the limits hold over all processes.
//!
//! An attempt is recorded as wrong before its password is compared, and taken back if it was right:
//! requests that arrive at the same time count one by one. Users and addresses are stored as
//! digests, because people type passwords into the wrong field.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// The window and the numbers of wrong attempts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// How long a wrong attempt counts.
    pub window: Duration,
    /// After so many, the next attempt for this user is refused.
    pub per_user: u32,
    /// After so many, the next attempt from this address is refused.
    pub per_address: u32,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(15 * 60),
            per_user: 10,
            per_address: 100,
        }
    }
}

/// Too many attempts of this user or from this address were wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAttemptsError {
    /// When the oldest attempt leaves the window.
    pub retry_after: Duration,
}

/// The wrong attempts of all processes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LoginAttempts {
    pool: PgPool,
    limits: AttemptLimits,
}

/// A recorded attempt.
#[derive(Debug)]
pub struct LoginAttempt {
    subjects: [[u8; 32]; 2],
    at: OffsetDateTime,
}

impl LoginAttempts {
    /// The attempts in this database.
    pub fn new(pool: PgPool, limits: AttemptLimits) -> Self {
        Self { pool, limits }
    }

    /// Records an attempt as wrong, unless a limit is reached. Nothing tells whether the user
    /// exists.
    pub async fn record(
        &self,
        user: &str,
        address: IpAddr,
    ) -> Result<Result<LoginAttempt, TooManyAttemptsError>, sqlx::Error> {
        let subjects = [user_subject(user), address_subject(address)];
        let limits = [self.limits.per_user, self.limits.per_address];
        let mut transaction = self.pool.begin().await?;
        let mut recorded_at = OffsetDateTime::UNIX_EPOCH;
        // The user always comes first, so two attempts never wait for each other.
        for (subject, limit) in subjects.iter().zip(limits) {
            let recorded = self
                .record_subject(&mut transaction, subject, limit)
                .await?;
            let Some(at) = recorded else {
                let retry_after = self.time_left(&mut transaction, subject).await?;
                transaction.rollback().await?;
                return Ok(Err(TooManyAttemptsError { retry_after }));
            };
            recorded_at = at;
        }
        transaction.commit().await?;
        Ok(Ok(LoginAttempt {
            subjects,
            at: recorded_at,
        }))
    }

    async fn record_subject(
        &self,
        connection: &mut PgConnection,
        subject: &[u8],
        limit: u32,
    ) -> Result<Option<OffsetDateTime>, sqlx::Error> {
        sqlx::query_scalar(
            "INSERT INTO accounts.attempts AS a (subject, wrong_at)
             VALUES ($1, ARRAY[now()])
             ON CONFLICT (subject) DO UPDATE
                SET wrong_at = ARRAY(SELECT t FROM unnest(a.wrong_at) AS t
                                      WHERE t > now() - make_interval(secs => $3)) || now()
              WHERE (SELECT count(*) FROM unnest(a.wrong_at) AS t
                      WHERE t > now() - make_interval(secs => $3)) < $2
             RETURNING now()",
        )
        .bind(subject)
        .bind(i64::from(limit))
        .bind(self.limits.window.as_secs_f64())
        .fetch_optional(connection)
        .await
    }

    async fn time_left(
        &self,
        connection: &mut PgConnection,
        subject: &[u8],
    ) -> Result<Duration, sqlx::Error> {
        let seconds: Option<f64> = sqlx::query_scalar(
            "SELECT extract(epoch FROM min(t) + make_interval(secs => $2) - now())::float8
               FROM accounts.attempts a, unnest(a.wrong_at) AS t
              WHERE a.subject = $1 AND t > now() - make_interval(secs => $2)",
        )
        .bind(subject)
        .bind(self.limits.window.as_secs_f64())
        .fetch_one(connection)
        .await?;
        Ok(Duration::from_secs_f64(
            seconds.unwrap_or_default().max(0.0),
        ))
    }

    /// Takes an attempt back: its password was right, or it was not compared.
    pub async fn forgive(&self, attempt: &LoginAttempt) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE accounts.attempts SET wrong_at = array_remove(wrong_at, $2)
              WHERE subject = ANY($1)",
        )
        .bind(attempt.subjects.map(Vec::from).to_vec())
        .bind(attempt.at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes what no longer counts. Returns the number of users and addresses that were removed.
    pub async fn remove_old(&self) -> Result<u64, sqlx::Error> {
        let removed = sqlx::query(
            "DELETE FROM accounts.attempts
              WHERE NOT EXISTS (SELECT FROM unnest(wrong_at) AS t
                                 WHERE t > now() - make_interval(secs => $1))",
        )
        .bind(self.limits.window.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(removed.rows_affected())
    }
}

fn user_subject(user: &str) -> [u8; 32] {
    Sha256::digest(format!("user {user}")).into()
}

/// One household or server has a whole /64 of IPv6 addresses, so that counts as one address.
fn address_subject(address: IpAddr) -> [u8; 32] {
    let network = match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    };
    Sha256::digest(format!("address {network}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(address: &str) -> [u8; 32] {
        address_subject(address.parse().expect("an address"))
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        assert_eq!(subject("2001:db8::1"), subject("2001:db8::ffff:2"));
        assert_ne!(subject("2001:db8::1"), subject("2001:db8:0:1::1"));
        assert_eq!(subject("::ffff:192.0.2.7"), subject("192.0.2.7"));
        assert_ne!(subject("192.0.2.7"), subject("192.0.2.8"));
    }

    #[test]
    fn a_user_is_never_counted_as_an_address() {
        assert_ne!(user_subject("192.0.2.7"), subject("192.0.2.7"));
    }
}
