//! What a caller may find, now: the one visibility rule, over all conversations at once.

use std::collections::HashMap;

use search::index::{Conversations, Names, Seen, Visible};
use search::query::ME;
use search::{Atom, Query};
use sqlx::PgPool;

use crate::failed::Failed;
use crate::visibility::windows;

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

/// Binds the caller, or null for everybody, the position that the index is complete up to, and how many
/// changes since then to look at. Columns of one kind, so that a user of thousands of conversations costs
/// one row.
const SCOPE: &str = concat!(
    "WITH me AS (SELECT u.id FROM read.users u WHERE u.name = $1),
     seen AS (
        SELECT m.conversation, c.head_seq, w.after_seq, w.until_seq
        FROM me JOIN read.members m ON m.user_id = me.id AND m.present
        JOIN read.conversations c ON c.id = m.conversation
        CROSS JOIN LATERAL ",
    windows!("m", "c"),
    " w),
     changed AS (
        SELECT t.conversation, t.seq FROM read.timeline t
        WHERE t.position > $2 AND t.type IN ('message_edited', 'message_recalled') LIMIT $3)
     SELECT k.position, k.numbering, (SELECT id FROM me) AS me, s.conversations, s.heads, s.afters,
            s.untils, t.changed_in, t.changed_seqs
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
    pub async fn load(pool: &PgPool, who: Who<'_>, index: u64) -> Result<Self, Failed> {
        let row: Row = sqlx::query_as(SCOPE)
            .bind(who.user())
            .bind(i64::try_from(index).unwrap_or(i64::MAX))
            .bind(CHANGED + 1)
            .fetch_one(pool)
            .await?;
        let changed_in = row.changed_in.unwrap_or_default();
        if changed_in.len() as i64 > CHANGED {
            return Err(Failed::IndexBehind);
        }
        let changed_seqs = row.changed_seqs.unwrap_or_default();
        let except = changed_in.into_iter().zip(changed_seqs);
        let conversations = who.user().map(|_| {
            let rows = row.conversations.unwrap_or_default().into_iter();
            rows.zip(row.heads.unwrap_or_default())
                .zip(row.afters.unwrap_or_default())
                .zip(row.untils.unwrap_or_default())
                .map(|(((conversation, head), after), until)| (conversation, head, after, until))
        });
        Ok(Self {
            position: row.position,
            numbering: row.numbering,
            me: row.me,
            visible: Visible {
                conversations: conversations.map(seen),
                except: except
                    .map(|(conversation, seq)| (conversation.unsigned_abs(), seq.unsigned_abs()))
                    .collect(),
            },
        })
    }
}

/// From windows with the conversation's head.
fn seen(windows: impl Iterator<Item = (i64, i64, i64, i64)>) -> Conversations {
    let mut conversations = Conversations::default();
    for (conversation, head, after, until) in windows {
        let conversation = conversation.unsigned_abs();
        if after == 0 && until == head {
            conversations.insert(conversation, Seen::All);
            continue;
        }
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
