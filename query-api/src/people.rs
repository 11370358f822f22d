//! Who can see whose profile, and what of it.

use domain::profile::settings::Consent;
use domain::time::Timestamp;
use http_edge::Problem;
use http_edge::schema::UserKindSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::QueryError;
use crate::live::PresenceService;
use crate::sql::visibility::{caller_id, sees_profile};

/// Who can see whose profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Directory {
    /// Everybody sees everybody.
    Open,
    /// Users see those with whom they share a conversation, their contacts, those who ask them
    /// (to be a contact, or to join a group of which they are the owner or an admin), and agents
    /// of the same desk.
    #[default]
    Shared,
}

/// What the endpoints about people need. Cheap to clone.
#[derive(Clone)]
pub struct PeopleState {
    /// Connections that read `read.*`.
    pub pool: PgPool,
    /// Tracks which users are online.
    pub presence: PresenceService,
    /// Who can see whose profile.
    pub directory: Directory,
    /// Who may add users to groups who have not chosen that.
    pub groups_from: Consent,
}

/// What a user shows to others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserProfile)]
pub struct UserView {
    /// The user.
    pub id: String,
    /// The name that others see; null if the user has not chosen one.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// The avatar: an https URL, or the id of a file, which everybody can see who sees the profile.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// What the user says about themselves.
    #[schema(required = true)]
    pub about: Option<String>,
    /// What kind of user it is.
    #[schema(value_type = UserKindSchema)]
    pub kind: String,
    /// The app's own fields.
    #[schema(required = true, value_type = Option<Object>)]
    pub custom: Option<Box<RawValue>>,
    /// Whether the user can no longer call the API.
    pub deactivated: bool,
    /// When the user was online last; now, if they are. Null if they or the caller hide it, or if
    /// they never were.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
}

/// The columns of [`UserRow`] for the user `u`, whose profile is `f`.
macro_rules! user_columns {
    () => {
        concat!(
            "u.id, u.name, f.display_name, f.avatar, f.about, coalesce(f.kind, 'user') AS kind, f.custom,
            coalesce(f.deactivated, false) AS deactivated,
            coalesce(f.last_seen, true) AND NOT EXISTS (
                SELECT FROM read.profiles mine WHERE mine.user_id = ",
            $crate::sql::visibility::caller_id!(),
            " AND NOT mine.last_seen) AS shows_last_seen,
            (SELECT l.at FROM presence.last_seen l WHERE l.name = u.name) AS seen_at"
        )
    };
}

/// The users of a page, in the order of their keys.
macro_rules! page_of_found {
    () => {
        concat!(
            " SELECT k.position, p.* FROM read.checkpoint k LEFT JOIN (
                SELECT n.key, ",
            user_columns!(),
            " FROM found n JOIN read.users u ON u.id = n.user_id
                LEFT JOIN read.profiles f ON f.user_id = u.id) p ON true
            ORDER BY p.key COLLATE \"C\", p.id"
        )
    };
}

/// Binds the caller, whether the directory is open, and the users.
const FIND: &str = concat!(
    "SELECT k.position, p.* FROM read.checkpoint k LEFT JOIN (
        SELECT ",
    user_columns!(),
    " FROM read.users u LEFT JOIN read.profiles f ON f.user_id = u.id
        WHERE u.name = ANY($3) AND ",
    sees_profile!(),
    ") p ON true ORDER BY p.name COLLATE \"C\""
);

/// The number of memberships in the conversations of the caller, up to which a search lists the
/// people whom the caller can see. In more, the caller can see so many that a search meets them
/// soon when it reads the names in order.
const MAX_LISTED: i64 = 20_000;

/// Binds the caller.
const COUNT_SHARED: &str = concat!(
    "SELECT coalesce(sum(c.member_count), 0)::bigint FROM read.members m
     JOIN read.conversations c ON c.id = m.conversation
     WHERE m.present AND m.user_id = ",
    caller_id!()
);

/// Reads the keys in order until the page is full. Binds the caller, whether the directory is open,
/// the first key and the end of the keys, the key and the user after which the page starts, and the
/// number of users. A person is listed by the first of their keys.
const SEARCH_IN_ORDER: &str = concat!(
    "WITH found AS (
        SELECT n.key, n.user_id FROM read.name_keys n JOIN read.users u ON u.id = n.user_id
        WHERE n.key >= $3 AND n.key < $4 AND (n.key, n.user_id) > ($5, $6)
        AND NOT EXISTS (SELECT FROM read.name_keys e
                        WHERE e.user_id = n.user_id AND e.key >= $3 AND e.key < n.key)
        AND ",
    sees_profile!(),
    " ORDER BY n.key, n.user_id LIMIT $7
    )",
    page_of_found!()
);

/// Lists the people whom the caller can see, and looks up their keys. Binds the same.
const SEARCH_LISTED: &str = concat!(
    "WITH visible AS MATERIALIZED (
        SELECT theirs.user_id FROM read.members mine
        JOIN read.members theirs ON theirs.conversation = mine.conversation AND theirs.present
        WHERE mine.present AND mine.user_id = ",
    caller_id!(),
    " UNION SELECT x.other FROM read.contacts x
        WHERE x.state <> 'outgoing' AND NOT x.hidden AND x.user_id = ",
    caller_id!(),
    " UNION SELECT q.user_id FROM read.members mine
        JOIN read.join_requests q ON q.conversation = mine.conversation
        WHERE mine.present AND mine.role <> 'member' AND mine.user_id = ",
    caller_id!(),
    " UNION SELECT u.id FROM read.desks d
        JOIN read.users u ON u.name IN (SELECT jsonb_array_elements_text(d.agents))
        WHERE d.agents ? $1
    UNION SELECT me.id FROM read.users me WHERE me.name = $1
    ), first AS (
        SELECT min(n.key) AS key, n.user_id FROM visible v
        JOIN read.name_keys n ON n.user_id = v.user_id AND n.key >= $3 AND n.key < $4
        WHERE NOT $2 GROUP BY n.user_id
    ), found AS (
        SELECT n.key, n.user_id FROM first n WHERE (n.key, n.user_id) > ($5, $6)
        ORDER BY n.key, n.user_id LIMIT $7
    )",
    page_of_found!()
);

/// A row of a statement above. All columns but the first are null if there is no user.
#[derive(sqlx::FromRow)]
pub struct UserRow {
    pub position: i64,
    /// The key by which a search found the user.
    #[sqlx(default)]
    pub key: Option<String>,
    pub id: Option<i64>,
    name: Option<String>,
    display_name: Option<String>,
    avatar: Option<String>,
    about: Option<String>,
    kind: Option<String>,
    custom: Option<String>,
    deactivated: Option<bool>,
    shows_last_seen: Option<bool>,
    seen_at: Option<OffsetDateTime>,
}

/// Where a page of a search starts, and how long it is.
pub struct PeopleSearch<'a> {
    /// What the keys begin with. Not empty.
    pub prefix: &'a str,
    /// The key and the user id of the last user of the page before.
    pub after: (String, i64),
    /// The number of users.
    pub limit: i64,
}

impl PeopleState {
    fn is_open(&self) -> bool {
        self.directory == Directory::Open
    }

    /// Finds those of the users whom the caller can see.
    pub async fn find(&self, caller: &str, users: &[&str]) -> Result<Vec<UserRow>, QueryError> {
        let rows = sqlx::query_as(FIND)
            .bind(caller)
            .bind(self.is_open())
            .bind(users)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }

    /// Finds the people whom the caller can see, by the beginning of their id or of a word of their
    /// name.
    pub async fn search(
        &self,
        caller: &str,
        search: PeopleSearch<'_>,
    ) -> Result<Vec<UserRow>, QueryError> {
        let is_listed = !self.is_open() && self.count_shared(caller).await? <= MAX_LISTED;
        let sql = if is_listed {
            SEARCH_LISTED
        } else {
            SEARCH_IN_ORDER
        };
        let PeopleSearch {
            prefix,
            after: (after_key, after_user),
            limit,
        } = search;
        let rows = sqlx::query_as(sql)
            .bind(caller)
            .bind(self.is_open())
            .bind(prefix)
            .bind(format!("{prefix}{}", char::MAX))
            .bind(after_key)
            .bind(after_user)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }

    /// Whether the log names a user.
    pub async fn is_known(&self, user: &str) -> Result<bool, QueryError> {
        let known = sqlx::query_scalar("SELECT EXISTS (SELECT FROM read.users WHERE name = $1)");
        Ok(known.bind(user).fetch_one(&self.pool).await?)
    }

    async fn count_shared(&self, caller: &str) -> Result<i64, QueryError> {
        let count = sqlx::query_scalar(COUNT_SHARED).bind(caller);
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// What a row shows; `None` if it has no user.
    pub fn to_view(&self, row: UserRow) -> Result<Option<UserView>, QueryError> {
        let Some(id) = row.name else { return Ok(None) };
        let last_seen = if row.shows_last_seen == Some(true) {
            let now = self.presence.is_online(&id).then(OffsetDateTime::now_utc);
            now.or(row.seen_at).map(Timestamp::from)
        } else {
            None
        };
        Ok(Some(UserView {
            display_name: row.display_name,
            avatar: row.avatar,
            about: row.about,
            kind: row.kind.unwrap_or_default(),
            custom: row.custom.map(parse_json).transpose()?,
            deactivated: row.deactivated.unwrap_or_default(),
            last_seen,
            id,
        }))
    }
}

impl UserView {
    /// The profile of a user whom the log does not name yet.
    pub fn unknown(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            display_name: None,
            avatar: None,
            about: None,
            kind: "user".into(),
            custom: None,
            deactivated: false,
            last_seen: None,
        }
    }
}

/// JSON as the projector wrote it.
pub fn parse_json(text: String) -> Result<Box<RawValue>, QueryError> {
    RawValue::from_string(text).map_err(|error| QueryError::Corrupt {
        value: "a profile",
        reason: error.to_string(),
    })
}

/// Refuses a search that finds nobody.
pub fn parse_search_text(text: &str) -> Result<String, Problem> {
    let prefix = search::people::name_prefix(text);
    if prefix.is_empty() {
        return Err(Problem::invalid(
            "q",
            "Expected at least one letter or sign.",
        ));
    }
    Ok(prefix)
}
