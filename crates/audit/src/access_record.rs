//! A view, or an act that no event shows, and its row in `audit.accesses`.

use domain::ids::UserId;
use event_log::reader::LogReader;
use sqlx::PgPool;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessAct {
    /// Reading the whole log.
    EventsRead,
    /// A query with `as_user`.
    ReadAsUser,
    /// A query of a service on behalf of users.
    ReadForUser,
    /// A query of users by an administrator.
    UsersRead,
    /// A query of conversations by an administrator.
    ConversationsRead,
    /// A query of what became of a message.
    MessageTraced,
    /// A query of cases by a moderator.
    CasesRead,
    /// A token was issued.
    TokenIssued,
    /// An invite for an account was issued.
    InviteIssued,
    /// A webhook was added.
    WebhookAdded,
    /// A webhook was changed.
    WebhookChanged,
    /// A webhook was replayed.
    WebhookReplayed,
    /// A webhook was removed.
    WebhookRemoved,
    /// The data of a user were exported.
    UserExported,
    /// The place was set up by its owner.
    PlaceSetUp,
    /// The place was renamed.
    PlaceRenamed,
    /// The scope of an account was changed.
    ScopeChanged,
    /// A rebuild or a verification was started.
    JobStarted,
    /// A rebuild or a verification was asked to stop.
    JobStopped,
}

impl AccessAct {
    /// The acts that change nothing.
    const VIEWS: [Self; 7] = [
        Self::EventsRead,
        Self::ReadAsUser,
        Self::ReadForUser,
        Self::UsersRead,
        Self::ConversationsRead,
        Self::MessageTraced,
        Self::CasesRead,
    ];

    /// Whether it changes nothing, and is recorded once a minute.
    pub fn is_view(self) -> bool {
        Self::VIEWS.contains(&self)
    }

    /// The name in the table and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventsRead => "events_read",
            Self::ReadAsUser => "read_as_user",
            Self::ReadForUser => "read_for_user",
            Self::UsersRead => "users_read",
            Self::ConversationsRead => "conversations_read",
            Self::MessageTraced => "message_traced",
            Self::CasesRead => "cases_read",
            Self::TokenIssued => "token_issued",
            Self::InviteIssued => "invite_issued",
            Self::WebhookAdded => "webhook_added",
            Self::WebhookChanged => "webhook_changed",
            Self::WebhookReplayed => "webhook_replayed",
            Self::WebhookRemoved => "webhook_removed",
            Self::UserExported => "user_exported",
            Self::PlaceSetUp => "place_set_up",
            Self::PlaceRenamed => "place_renamed",
            Self::ScopeChanged => "scope_changed",
            Self::JobStarted => "job_started",
            Self::JobStopped => "job_stopped",
        }
    }
}

/// What somebody viewed or did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessRecord {
    /// The user of the token.
    pub actor: UserId,
    /// What was done.
    pub act: AccessAct,
    /// To what or whom.
    pub target: Option<String>,
    /// The call, without its parameters.
    pub call: String,
}

/// Excludes that two processes record the same view at once. Binds the actor, the act and the
/// target.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended( \
     jsonb_build_array('tidings audit', $1::text, $2::text, $3::text)::text, 0))";

/// Binds the same, the head of the log, the call, and whether it is recorded each time.
const INSERT: &str = "INSERT INTO audit.accesses (position, actor, act, target, detail) \
     SELECT $4, $1, $2, $3, jsonb_build_object('call', $5::text)::text \
     WHERE $6 OR NOT EXISTS (SELECT FROM audit.accesses x \
         WHERE x.actor = $1 AND x.act = $2 AND x.target IS NOT DISTINCT FROM $3 \
         AND x.at > clock_timestamp() - interval '1 minute')";

impl AccessRecord {
    /// Writes it. Returns false if a record of the last minute stands for it already, also of
    /// another process.
    pub(crate) async fn write(&self, pool: &PgPool) -> Result<bool, sqlx::Error> {
        let head = LogReader::new(pool.clone()).head().await?.position;
        let target = self.target.as_ref().map(|target| target.replace('\0', ""));
        let mut transaction = pool.begin().await?;
        sqlx::query(LOCK)
            .bind(self.actor.as_str())
            .bind(self.act.as_str())
            .bind(&target)
            .execute(&mut *transaction)
            .await?;
        let inserted = sqlx::query(INSERT)
            .bind(self.actor.as_str())
            .bind(self.act.as_str())
            .bind(&target)
            .bind(head)
            .bind(&self.call)
            .bind(!self.act.is_view())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(inserted.rows_affected() > 0)
    }
}
