//! What a caller may find, now: the one visibility rule, over all conversations at once.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::sync::Cache;
use rustc_hash::FxHashSet;
use search::index::{Conversations, Names, Seen, Visible};
use search::query::ME;
use search::{Atom, Query};
use sqlx::PgPool;

use crate::failed::Failed;
use read_model::windows;

/// Messages that may have changed since the index was complete, at most. An index that is further behind
/// does not say what there is.
const CHANGED: i64 = 10_000;

/// Who searches.
#[derive(Debug, Clone, Copy)]
pub enum Who<'a> {
    /// A user: what they see in history.
    User(&'a str),
    /// An operator: everything.
    Everybody,
}

impl<'a> Who<'a> {
    /// The user, if it is one.
    pub fn user(self) -> Option<&'a str> {
        match self {
            Self::User(name) => Some(name),
            Self::Everybody => None,
        }
    }
}

/// Where the read models are, and what of them the caller sees.
pub(super) struct Scope {
    pub position: i64,
    pub numbering: i64,
    /// The caller's number.
    pub me: Option<i64>,
    pub visible: Visible,
}

/// What somebody of many conversations saw when they searched last: looking each of them up takes longer
/// than most searches. It stands for as long as nothing happened that could change it, which every search
/// asks. Cheap to clone.
#[derive(Clone)]
pub(super) struct Known(Arc<Cache<String, Arc<Seat>, Weighs>>);

/// What a user saw at a position.
struct Seat {
    position: i64,
    generation: i64,
    conversations: Arc<Conversations>,
}

#[derive(Clone)]
struct Weighs;

impl quick_cache::Weighter<String, Arc<Seat>> for Weighs {
    fn weight(&self, _: &String, seat: &Arc<Seat>) -> u64 {
        seat.conversations.len() as u64
    }
}

/// Users of fewer conversations are looked up every time.
const MANY: usize = 200;

/// Conversations of all who are remembered, about 50 bytes each; and of one of them, about.
const REMEMBERED: u64 = 500_000;

impl Default for Known {
    fn default() -> Self {
        let users = REMEMBERED as usize / MANY;
        Self(Arc::new(Cache::with_weighter(users, REMEMBERED, Weighs)))
    }
}

/// Binds the caller, or null for everybody, the position that the index is complete up to, how many
/// changes since then to look at, and the position and generation at which it is known what the caller
/// sees, or nulls. Columns of one kind, so that a user of thousands of conversations costs one row.
///
/// - `same`: whether what was known still stands: nobody has added or removed the caller, and no
///   conversation that the caller is in began or changed its rule.
/// - `seen`: what the caller sees, if not.
/// - `changed`: messages of which the index shows a past.
const SCOPE: &str = concat!(
    "WITH me AS (SELECT u.id FROM read.users u WHERE u.name = $1),
     same AS MATERIALIZED (
        SELECT $4::bigint IS NOT NULL AND k.generation = $5 AND k.floor <= $4 AND k.position >= $4
               AND NOT EXISTS (
                   SELECT FROM read.timeline t
                   WHERE t.position > $4
                     AND CASE WHEN t.type IN ('member_added', 'member_removed')
                              THEN t.subject = (SELECT id FROM me)
                              WHEN t.type IN ('conversation_created', 'conversation_changed')
                              THEN EXISTS (SELECT FROM read.members m WHERE m.conversation = t.conversation
                                           AND m.user_id = (SELECT id FROM me))
                              ELSE false END) AS stands
        FROM read.checkpoint k),
     seen AS (
        SELECT m.conversation, c.head_seq, w.after_seq, w.until_seq
        FROM me JOIN read.members m ON m.user_id = me.id AND m.present
        JOIN read.conversations c ON c.id = m.conversation
        CROSS JOIN LATERAL ", windows!("m", "c"), " w
        WHERE NOT (SELECT stands FROM same)),
     changed AS (
        SELECT t.conversation, t.seq FROM read.timeline t
        WHERE t.position > $2 AND t.type IN ('message_edited', 'message_recalled', 'message_erased') LIMIT $3)
     SELECT k.position, k.numbering, k.generation, (SELECT stands FROM same) AS stands,
            (SELECT id FROM me) AS me, s.conversations, s.heads, s.afters, s.untils,
            t.changed_in, t.changed_seqs
     FROM read.checkpoint k
     CROSS JOIN (SELECT array_agg(conversation) AS conversations, array_agg(head_seq) AS heads,
                        array_agg(after_seq) AS afters, array_agg(until_seq) AS untils FROM seen) s
     LEFT JOIN LATERAL (SELECT array_agg(conversation) AS changed_in, array_agg(seq) AS changed_seqs
                        FROM changed) t ON k.position > $2"
);

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    numbering: i64,
    generation: i64,
    stands: bool,
    me: Option<i64>,
    conversations: Option<Vec<i64>>,
    heads: Option<Vec<i64>>,
    afters: Option<Vec<i64>>,
    untils: Option<Vec<i64>>,
    changed_in: Option<Vec<i64>>,
    changed_seqs: Option<Vec<i64>>,
}

impl Scope {
    /// Now, for an index that is complete up to a position.
    pub async fn load(
        pool: &PgPool,
        known: &Known,
        who: Who<'_>,
        index: u64,
    ) -> Result<Self, Failed> {
        let seat = who.user().and_then(|user| known.0.get(user));
        let mut row: Row = sqlx::query_as(SCOPE)
            .bind(who.user())
            .bind(i64::try_from(index).unwrap_or(i64::MAX))
            .bind(CHANGED + 1)
            .bind(seat.as_ref().map(|seat| seat.position))
            .bind(seat.as_ref().map(|seat| seat.generation))
            .fetch_one(pool)
            .await?;
        let except = row.except()?;
        let conversations = match (who.user(), seat) {
            (None, _) => None,
            (Some(_), Some(seat)) if row.stands => Some(Arc::clone(&seat.conversations)),
            (Some(user), _) => Some(row.learn(known, user)),
        };
        Ok(Self {
            position: row.position,
            numbering: row.numbering,
            me: row.me,
            visible: Visible {
                conversations,
                except,
            },
        })
    }
}

impl Row {
    fn except(&mut self) -> Result<FxHashSet<(u64, u64)>, Failed> {
        let changed_in = self.changed_in.take().unwrap_or_default();
        if changed_in.len() as i64 > CHANGED {
            return Err(Failed::IndexBehind);
        }
        let changed_seqs = self.changed_seqs.take().unwrap_or_default();
        let except = changed_in.into_iter().zip(changed_seqs);
        let except =
            except.map(|(conversation, seq)| (conversation.unsigned_abs(), seq.unsigned_abs()));
        Ok(except.collect())
    }

    /// What was looked up, remembered if that was much.
    fn learn(&mut self, known: &Known, user: &str) -> Arc<Conversations> {
        let column = |numbers: &mut Option<Vec<i64>>| numbers.take().unwrap_or_default();
        let windows = column(&mut self.conversations)
            .into_iter()
            .zip(column(&mut self.heads))
            .zip(column(&mut self.afters))
            .zip(column(&mut self.untils))
            .map(|(((conversation, head), after), until)| (conversation, head, after, until));
        let conversations = Arc::new(seen(windows));
        if conversations.len() >= MANY {
            let seat = Seat {
                position: self.position,
                generation: self.generation,
                conversations: Arc::clone(&conversations),
            };
            known.0.insert(user.to_owned(), Arc::new(seat));
        }
        conversations
    }
}

/// From windows with the conversation's head. One that reaches the head is open: what is sent after it is
/// seen too, for as long as nothing else changes.
fn seen(windows: impl Iterator<Item = (i64, i64, i64, i64)>) -> Conversations {
    let mut conversations = Conversations::default();
    for (conversation, head, after, until) in windows {
        let conversation = conversation.unsigned_abs();
        let is_open = until == head;
        if after == 0 && is_open {
            conversations.insert(conversation, Seen::All);
            continue;
        }
        let until = if is_open { i64::MAX } else { until };
        let window = (after.unsigned_abs(), until.unsigned_abs());
        match conversations
            .entry(conversation)
            .or_insert_with(|| Seen::Stays(Vec::new()))
        {
            Seen::Stays(stays) => stays.push(window),
            Seen::All | Seen::Only(_) => {}
        }
    }
    conversations
}

/// The numbers of the users and conversations that a query names.
pub(super) struct Named {
    me: Option<(String, Option<u64>)>,
    users: HashMap<String, u64>,
    conversations: HashMap<String, u64>,
}

impl Named {
    /// Looks them up. Most queries name nobody.
    pub async fn load(
        pool: &PgPool,
        query: &Query,
        who: Who<'_>,
        scope: &Scope,
    ) -> Result<Self, Failed> {
        let (mut users, mut conversations) = (Vec::new(), Vec::new());
        for atom in query.atoms() {
            match atom {
                Atom::From(name) if name != ME => users.push(name.as_str()),
                Atom::In(name) => conversations.push(name.as_str()),
                _ => {}
            }
        }
        let numbers = async |sql: &str, names: Vec<&str>| {
            if names.is_empty() {
                return Ok::<_, Failed>(HashMap::new());
            }
            let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(names).fetch_all(pool).await?;
            let numbered = rows.into_iter();
            Ok(numbered
                .map(|(name, id)| (name, id.unsigned_abs()))
                .collect())
        };
        const USERS: &str = "SELECT u.name, u.id FROM read.users u WHERE u.name = ANY($1)";
        const CONVERSATIONS: &str =
            "SELECT c.name, c.id FROM read.conversations c WHERE c.name = ANY($1)";
        Ok(Self {
            me: who
                .user()
                .map(|name| (name.to_owned(), scope.me.map(i64::unsigned_abs))),
            users: numbers(USERS, users).await?,
            conversations: numbers(CONVERSATIONS, conversations).await?,
        })
    }
}

impl Names for Named {
    fn user(&self, name: &str) -> Option<u64> {
        match &self.me {
            Some((_, number)) if name == ME => *number,
            _ => self.users.get(name).copied(),
        }
    }

    fn me(&self) -> Option<&str> {
        self.me.as_ref().map(|(name, _)| name.as_str())
    }

    fn conversation(&self, name: &str) -> Option<u64> {
        self.conversations.get(name).copied()
    }
}
