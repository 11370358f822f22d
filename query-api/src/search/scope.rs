//! The scope of a search: what the searcher can see now. It applies the one visibility rule to all
//! conversations at once.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::sync::Cache;
use rustc_hash::FxHashSet;
use search::index::{IdResolver, VisibilityFilter, VisibleConversations, VisibleSeqs};
use search::query::ME;
use search::{Atom, ParsedQuery};
use sqlx::PgPool;

use crate::error::QueryError;
use read_model::visible_windows;

/// The maximum number of messages that may have changed since the position of the index. An index
/// that is further behind is not searched.
const MAX_CHANGED_MESSAGES: i64 = 10_000;

/// The user or operator who searches.
#[derive(Debug, Clone, Copy)]
pub enum Searcher<'a> {
    /// A user, who finds the messages that are visible in the history.
    User(&'a str),
    /// An operator, who finds everything.
    Operator,
}

impl<'a> Searcher<'a> {
    /// Returns the user; `None` for an operator.
    pub fn user(self) -> Option<&'a str> {
        match self {
            Self::User(name) => Some(name),
            Self::Operator => None,
        }
    }
}

/// The position of the read model, and what the searcher can see.
pub(super) struct SearchScope {
    pub position: i64,
    pub numbering: i64,
    /// The searcher's user id.
    pub me: Option<i64>,
    pub visible: VisibilityFilter,
}

/// A cache of what users with many conversations could see at their last search. Looking up each
/// conversation takes longer than most searches. An entry is valid until an event could have
/// changed it, which every search checks. Cheap to clone.
#[derive(Clone)]
pub(super) struct VisibilityCache(Arc<Cache<String, Arc<CachedVisibility>, ConversationWeighter>>);

/// What a user could see at a position.
struct CachedVisibility {
    position: i64,
    generation: i64,
    conversations: Arc<VisibleConversations>,
}

#[derive(Clone)]
struct ConversationWeighter;

impl quick_cache::Weighter<String, Arc<CachedVisibility>> for ConversationWeighter {
    fn weight(&self, _: &String, cached: &Arc<CachedVisibility>) -> u64 {
        cached.conversations.len() as u64
    }
}

/// The minimum number of conversations of a cached user; others are looked up every time.
const MIN_CACHED_CONVERSATIONS: usize = 200;

/// The capacity of the cache in conversations of all users, at about 50 bytes each.
const CACHE_CAPACITY: u64 = 500_000;

impl Default for VisibilityCache {
    fn default() -> Self {
        let users = CACHE_CAPACITY as usize / MIN_CACHED_CONVERSATIONS;
        Self(Arc::new(Cache::with_weighter(
            users,
            CACHE_CAPACITY,
            ConversationWeighter,
        )))
    }
}

/// Binds the searcher, or null for an operator, the position up to which the index is complete, the
/// number of later changes to read, and the position and generation of the cache entry, or nulls.
/// The result is columnar: a user with thousands of conversations costs one row.
///
/// - `same`: whether the cache entry is still current: the searcher was not added to or removed
///   from a conversation and has cleared none, and none of their conversations was created or
///   changed its history visibility.
/// - `visible`: what the searcher can see, if it is not.
/// - `changed`: messages of which the index has an outdated version.
const SCOPE: &str = concat!(
    "WITH me AS (SELECT u.id FROM read.users u WHERE u.name = $1),
     same AS MATERIALIZED (
        SELECT $4::bigint IS NOT NULL AND k.generation = $5 AND k.floor <= $4 AND k.position >= $4
               AND NOT EXISTS (
                   SELECT FROM read.timeline t
                   WHERE t.position > $4
                     AND CASE WHEN t.type IN ('member_added', 'member_removed', 'conversation_cleared')
                              THEN t.subject = (SELECT id FROM me)
                              WHEN t.type IN ('conversation_created', 'conversation_changed')
                              THEN EXISTS (SELECT FROM read.members m WHERE m.conversation = t.conversation
                                           AND m.user_id = (SELECT id FROM me))
                              ELSE false END) AS is_current
        FROM read.checkpoint k),
     visible AS (
        SELECT m.conversation, c.head_seq, w.after_seq, w.until_seq
        FROM me JOIN read.members m ON m.user_id = me.id AND m.present
        JOIN read.conversations c ON c.id = m.conversation
        CROSS JOIN LATERAL ", visible_windows!("m", "c"), " w
        WHERE NOT (SELECT is_current FROM same)),
     changed AS (
        SELECT t.conversation, t.seq FROM read.timeline t
        WHERE t.position > $2
          AND t.type IN ('message_edited', 'message_recalled', 'message_restored', 'message_erased')
        LIMIT $3)
     SELECT k.position, k.numbering, k.generation, (SELECT is_current FROM same) AS is_current,
            (SELECT id FROM me) AS me, s.conversations, s.heads, s.afters, s.untils,
            t.changed_in, t.changed_seqs
     FROM read.checkpoint k
     CROSS JOIN (SELECT array_agg(conversation) AS conversations, array_agg(head_seq) AS heads,
                        array_agg(after_seq) AS afters, array_agg(until_seq) AS untils FROM visible) s
     LEFT JOIN LATERAL (SELECT array_agg(conversation) AS changed_in, array_agg(seq) AS changed_seqs
                        FROM changed) t ON k.position > $2"
);

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    numbering: i64,
    generation: i64,
    is_current: bool,
    me: Option<i64>,
    conversations: Option<Vec<i64>>,
    heads: Option<Vec<i64>>,
    afters: Option<Vec<i64>>,
    untils: Option<Vec<i64>>,
    changed_in: Option<Vec<i64>>,
    changed_seqs: Option<Vec<i64>>,
}

impl SearchScope {
    /// Loads the current scope for an index that is complete up to the position `index`.
    pub async fn load(
        pool: &PgPool,
        cache: &VisibilityCache,
        searcher: Searcher<'_>,
        index: u64,
    ) -> Result<Self, QueryError> {
        let cached = searcher.user().and_then(|user| cache.0.get(user));
        let mut row: Row = sqlx::query_as(SCOPE)
            .bind(searcher.user())
            .bind(i64::try_from(index).unwrap_or(i64::MAX))
            .bind(MAX_CHANGED_MESSAGES + 1)
            .bind(cached.as_ref().map(|cached| cached.position))
            .bind(cached.as_ref().map(|cached| cached.generation))
            .fetch_one(pool)
            .await?;
        let excluded = row.take_changed()?;
        let conversations = match (searcher.user(), cached) {
            (None, _) => None,
            (Some(_), Some(cached)) if row.is_current => Some(Arc::clone(&cached.conversations)),
            (Some(user), _) => Some(row.resolve_visibility(cache, user)),
        };
        Ok(Self {
            position: row.position,
            numbering: row.numbering,
            me: row.me,
            visible: VisibilityFilter {
                conversations,
                excluded,
            },
        })
    }
}

impl Row {
    fn take_changed(&mut self) -> Result<FxHashSet<(u64, u64)>, QueryError> {
        let changed_in = self.changed_in.take().unwrap_or_default();
        if changed_in.len() as i64 > MAX_CHANGED_MESSAGES {
            return Err(QueryError::IndexBehind);
        }
        let changed_seqs = self.changed_seqs.take().unwrap_or_default();
        let changed = changed_in.into_iter().zip(changed_seqs);
        let changed =
            changed.map(|(conversation, seq)| (conversation.unsigned_abs(), seq.unsigned_abs()));
        Ok(changed.collect())
    }

    /// Builds the visibility from the row, and caches it if there are many conversations.
    fn resolve_visibility(
        &mut self,
        cache: &VisibilityCache,
        user: &str,
    ) -> Arc<VisibleConversations> {
        let column = |numbers: &mut Option<Vec<i64>>| numbers.take().unwrap_or_default();
        let windows = column(&mut self.conversations)
            .into_iter()
            .zip(column(&mut self.heads))
            .zip(column(&mut self.afters))
            .zip(column(&mut self.untils))
            .map(|(((conversation, head), after), until)| (conversation, head, after, until));
        let conversations = Arc::new(collect_windows(windows));
        if conversations.len() >= MIN_CACHED_CONVERSATIONS {
            let cached = CachedVisibility {
                position: self.position,
                generation: self.generation,
                conversations: Arc::clone(&conversations),
            };
            cache.0.insert(user.to_owned(), Arc::new(cached));
        }
        conversations
    }
}

/// Collects the visible windows, each with the head of its conversation. A window that reaches the
/// head is open: later messages are visible too, as long as nothing else changes.
fn collect_windows(windows: impl Iterator<Item = (i64, i64, i64, i64)>) -> VisibleConversations {
    let mut conversations = VisibleConversations::default();
    for (conversation, head, after, until) in windows {
        let conversation = conversation.unsigned_abs();
        let is_open = until == head;
        if after == 0 && is_open {
            conversations.insert(conversation, VisibleSeqs::All);
            continue;
        }
        let until = if is_open { i64::MAX } else { until };
        let window = (after.unsigned_abs(), until.unsigned_abs());
        match conversations
            .entry(conversation)
            .or_insert_with(|| VisibleSeqs::Ranges(Vec::new()))
        {
            VisibleSeqs::Ranges(windows) => windows.push(window),
            VisibleSeqs::All | VisibleSeqs::Only(_) => {}
        }
    }
    conversations
}

/// The ids of the users and conversations that a query names.
pub(super) struct ResolvedIds {
    me: Option<(String, Option<u64>)>,
    users: HashMap<String, u64>,
    conversations: HashMap<String, u64>,
}

impl ResolvedIds {
    /// Looks up the ids. Most queries name no user or conversation.
    pub async fn load(
        pool: &PgPool,
        query: &ParsedQuery,
        searcher: Searcher<'_>,
        scope: &SearchScope,
    ) -> Result<Self, QueryError> {
        let (mut users, mut conversations) = (Vec::new(), Vec::new());
        for atom in query.atoms() {
            match atom {
                Atom::From(name) if name != ME => users.push(name.as_str()),
                Atom::In(name) => conversations.push(name.as_str()),
                _ => {}
            }
        }
        let load_ids = async |sql: &str, names: Vec<&str>| {
            if names.is_empty() {
                return Ok::<_, QueryError>(HashMap::new());
            }
            let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(names).fetch_all(pool).await?;
            let ids = rows.into_iter();
            Ok(ids.map(|(name, id)| (name, id.unsigned_abs())).collect())
        };
        const USERS: &str = "SELECT u.name, u.id FROM read.users u WHERE u.name = ANY($1)";
        const CONVERSATIONS: &str =
            "SELECT c.name, c.id FROM read.conversations c WHERE c.name = ANY($1)";
        Ok(Self {
            me: searcher
                .user()
                .map(|name| (name.to_owned(), scope.me.map(i64::unsigned_abs))),
            users: load_ids(USERS, users).await?,
            conversations: load_ids(CONVERSATIONS, conversations).await?,
        })
    }
}

impl IdResolver for ResolvedIds {
    fn user_id(&self, name: &str) -> Option<u64> {
        match &self.me {
            Some((_, id)) if name == ME => *id,
            _ => self.users.get(name).copied(),
        }
    }

    fn caller_name(&self) -> Option<&str> {
        self.me.as_ref().map(|(name, _)| name.as_str())
    }

    fn conversation_id(&self, name: &str) -> Option<u64> {
        self.conversations.get(name).copied()
    }
}
