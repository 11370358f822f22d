//! Keeps the files of a user within the quota, also if several are announced at the same time.
//!
//! Reservations of one user are admitted one at a time, in all processes together. Each is noted
//! before its event is appended, and counts from then on; the read model may not have it for a
//! while. What is noted too long can only make the room smaller, never the quota larger.

use std::time::Duration;

use domain::file::FilePhase;
use domain::file::quota::StorageQuota;
use domain::ids::{FileId, UserId};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use http_edge::Problem;
use sqlx::types::time::OffsetDateTime;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::time::{Instant, sleep, timeout_at};

use crate::problems::{database_away, log_away, too_many_at_once};
use crate::state::FilesState;

/// How long a reservation waits for others of the same user.
const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it looks whether another process still decides. It keeps no connection meanwhile.
const TURN_INTERVAL: Duration = Duration::from_millis(10);

/// How long a reservation for which there is no room waits for the read model.
const READ_MODEL_TIMEOUT: Duration = Duration::from_secs(1);

/// A reservation is appended by then, or never.
const APPEND_TIMEOUT: Duration = Duration::from_secs(3_600);

/// The maximum number of old reservations that one step looks up.
const MAX_LOOKUPS: i64 = 500;

/// Whether it is the turn of a user, whose name it binds. It ends with the transaction.
const TURN: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended( \
     jsonb_build_array('tidings file quota', $1::text)::text, 0))";

/// The condition under which the read model alone says whether the reservation `r` counts.
macro_rules! is_projected {
    () => {
        "(r.position <= (SELECT k.position FROM read.checkpoint k) OR EXISTS (
             SELECT FROM read.files f WHERE f.id = r.id))"
    };
}

/// What the files of a user occupy: those that the read model has, and those that it does not have
/// yet.
const TAKEN: &str = concat!(
    "SELECT (coalesce((SELECT sum(f.size) FROM read.files f WHERE f.uploader = $1), 0)
             + coalesce((SELECT sum(r.size) FROM files.reservations r
                         WHERE r.uploader = $1 AND ",
    is_projected!(),
    " IS NOT TRUE), 0))::bigint"
);

/// Whether a file may be reserved.
pub(crate) enum QuotaDecision {
    /// There is no quota.
    Unlimited,
    /// There is room, which is kept for it.
    Noted,
    /// There is no room.
    Refused(Refusal),
}

impl QuotaDecision {
    /// Why the file may not be reserved.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal.clone()),
            Self::Unlimited | Self::Noted => None,
        }
    }
}

impl FilesState {
    /// Keeps room for a file of this user, if the quota leaves it.
    pub(crate) async fn admit(
        &self,
        user: &UserId,
        id: &FileId,
        size: i64,
    ) -> Result<QuotaDecision, Problem> {
        let Some(limit) = self.limits().user_bytes else {
            return Ok(QuotaDecision::Unlimited);
        };
        let quota = StorageQuota::new(limit);
        let decision = self.decide_in_turn(user, id, size, quota).await?;
        if !matches!(decision, QuotaDecision::Refused(_)) {
            return Ok(decision);
        }
        // The read model may not have the user's latest deletions yet.
        self.wait_for_read_model().await?;
        self.decide_in_turn(user, id, size, quota).await
    }

    /// Decides once no other request of the user is deciding.
    async fn decide_in_turn(
        &self,
        user: &UserId,
        id: &FileId,
        size: i64,
        quota: StorageQuota,
    ) -> Result<QuotaDecision, Problem> {
        let deadline = Instant::now() + TURN_TIMEOUT;
        let turn = timeout_at(deadline, self.turns().wait(user)).await;
        let _turn = turn.map_err(|_| too_many_at_once())?;
        loop {
            let decided = decide(self, user, id, size, quota).await;
            if let Some(decision) = decided.map_err(|error| database_away(&error))? {
                return Ok(decision);
            }
            if Instant::now() >= deadline {
                return Err(too_many_at_once());
            }
            sleep(TURN_INTERVAL).await;
        }
    }

    /// Waits until the read model has everything that the log has now, or for a while.
    async fn wait_for_read_model(&self) -> Result<(), Problem> {
        let head = self.log().head().await;
        let head = head.map_err(|error| log_away(&error))?;
        let deadline = Instant::now() + READ_MODEL_TIMEOUT;
        loop {
            let position: i64 = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k")
                .fetch_one(self.pool())
                .await
                .map_err(|error| database_away(&error))?;
            if position >= head || Instant::now() >= deadline {
                return Ok(());
            }
            sleep(TURN_INTERVAL).await;
        }
    }

    /// Notes what became of a reservation that was admitted: its position; `None` if it was not
    /// made and never will be. If this fails, the reservation counts until the read model has it,
    /// or until the collection finds that it was not made.
    pub(crate) async fn conclude(&self, id: &FileId, decision: &QuotaDecision, made: Option<i64>) {
        if !matches!(decision, QuotaDecision::Noted) {
            return;
        }
        let statement = match made {
            Some(position) => {
                let noted = "UPDATE files.reservations SET position = $2 WHERE id = $1";
                sqlx::query(noted).bind(id.as_str()).bind(position)
            }
            None => sqlx::query("DELETE FROM files.reservations WHERE id = $1").bind(id.as_str()),
        };
        let noted = statement.execute(self.pool()).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a reservation counts for the quota longer than necessary");
        }
    }

    /// Forgets the reservations that no longer count beside the read model.
    pub(crate) async fn forget_reservations(&self, now: Timestamp) -> Result<(), Problem> {
        let away = |error: sqlx::Error| database_away(&error);
        sqlx::query(concat!(
            "DELETE FROM files.reservations r WHERE ",
            is_projected!()
        ))
        .execute(self.pool())
        .await
        .map_err(away)?;
        let timeout = i64::try_from(APPEND_TIMEOUT.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(now.millis().saturating_sub(timeout));
        let old: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM files.reservations WHERE position IS NULL AND noted_at <= $1
             ORDER BY noted_at LIMIT $2",
        )
        .bind(OffsetDateTime::from(before))
        .bind(MAX_LOOKUPS)
        .fetch_all(self.pool())
        .await
        .map_err(away)?;
        for id in old.iter().filter_map(|id| FileId::parse(id).ok()) {
            let phase = self.load(&id).await?.phase();
            // The read model will have any other.
            if matches!(phase, None | Some(FilePhase::Deleted)) {
                self.conclude(&id, &QuotaDecision::Noted, None).await;
            }
        }
        Ok(())
    }
}

/// Decides under the lock of the user. `None` if another reservation of the user has it.
async fn decide(
    state: &FilesState,
    user: &UserId,
    id: &FileId,
    size: i64,
    quota: StorageQuota,
) -> Result<Option<QuotaDecision>, sqlx::Error> {
    let Some(mut turn) = take_turn(state.pool(), user).await? else {
        return Ok(None);
    };
    sqlx::query(concat!(
        "DELETE FROM files.reservations r WHERE r.uploader = $1 AND ",
        is_projected!()
    ))
    .bind(user.as_str())
    .execute(&mut *turn)
    .await?;
    let taken: i64 = sqlx::query_scalar(TAKEN)
        .bind(user.as_str())
        .fetch_one(&mut *turn)
        .await?;
    let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
    let decision = match quota.check(bytes(taken), bytes(size)) {
        Ok(()) => {
            note(&mut turn, user, id, size, state.now()).await?;
            QuotaDecision::Noted
        }
        Err(refusal) => QuotaDecision::Refused(refusal),
    };
    turn.commit().await?;
    Ok(Some(decision))
}

async fn take_turn(
    pool: &PgPool,
    user: &UserId,
) -> Result<Option<Transaction<'static, Postgres>>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // A process that is stopped must not keep the user's other requests waiting.
    sqlx::query("SET LOCAL idle_in_transaction_session_timeout = '2s'")
        .execute(&mut *transaction)
        .await?;
    let is_turn: bool = sqlx::query_scalar(TURN)
        .bind(user.as_str())
        .fetch_one(&mut *transaction)
        .await?;
    if is_turn {
        return Ok(Some(transaction));
    }
    transaction.rollback().await?;
    Ok(None)
}

async fn note(
    turn: &mut Transaction<'static, Postgres>,
    user: &UserId,
    id: &FileId,
    size: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO files.reservations (id, uploader, size, noted_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(id.as_str())
    .bind(user.as_str())
    .bind(size)
    .bind(OffsetDateTime::from(now))
    .execute(&mut **turn)
    .await?;
    Ok(())
}
