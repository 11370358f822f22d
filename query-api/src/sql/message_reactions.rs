//! The reactions to a message, in their two forms.
//!
//! A message lists the users by key, up to a hundred for each key. A summary has their number and
//! the first ten of them instead. Either way, its size is bounded, however many users have reacted.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::error::QueryError;

/// The number of users by key in a summary.
const SUMMARY_USERS: usize = 10;

/// The reactions to a message `g` as JSON, with keys and users in the order of the reactions; null
/// without any. `$caller` is the id of the caller, or null. At most 100 users are listed for each
/// key: the others are counted, but their names are not looked up. A message without any costs one
/// index probe.
macro_rules! reactions_column {
    ($caller:expr) => {
        concat!(
            $crate::sql::message_reactions::reactions_json!($caller),
            " AS reactions"
        )
    };
}

/// The expression of that column.
macro_rules! reactions_json {
    ($caller:expr) => {
        concat!(
            "CASE WHEN EXISTS (
                 SELECT FROM read.reactions any_reaction
                 WHERE any_reaction.conversation = g.conversation AND any_reaction.seq = g.seq)
             THEN (SELECT json_agg(json_build_object('key', r.key, 'count', r.count, 'mine', r.mine,
                                               'users', r.users) ORDER BY r.first)::text
             FROM (SELECT x.key, count(*) AS count, bool_or(x.user_id IS NOT DISTINCT FROM ",
            $caller,
            ") AS mine, min(x.position) AS first,
                          json_agg((SELECT who.name FROM read.users who WHERE who.id = x.user_id)
                                   ORDER BY x.position) FILTER (WHERE x.nth <= 100) AS users
                   FROM (SELECT y.key, y.user_id, y.position,
                                row_number() OVER (PARTITION BY y.key ORDER BY y.position) AS nth
                         FROM read.reactions y
                         WHERE y.conversation = g.conversation AND y.seq = g.seq) x
                   GROUP BY x.key) r) END"
        )
    };
}

pub(crate) use {reactions_column, reactions_json};

/// The reactions to a message.
#[derive(Debug, Clone, Default)]
pub struct MessageReactions {
    groups: Vec<ReactionGroup>,
    is_summary: bool,
}

/// The reactions with one key, as a summary shows them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ReactionSummary)]
pub struct ReactionGroup {
    #[serde(skip_serializing)]
    #[schema(ignore)]
    key: String,
    /// The number of users.
    pub count: i64,
    /// Whether the caller is one of them.
    pub mine: bool,
    /// The first of them, up to ten, in the order of the reactions.
    pub users: Vec<String>,
}

/// The value of a reaction key.
#[expect(dead_code, reason = "describes the JSON of `MessageReactions`")]
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = ReactionUsers)]
pub enum ReactionUsersSchema {
    /// The users, up to a hundred, in the order of the reactions.
    Users(Vec<String>),
    /// The summary.
    Summary(ReactionGroup),
}

impl MessageReactions {
    /// Parses the column of `reactions_column!`.
    pub fn parse(json: Option<&str>) -> Result<Self, QueryError> {
        let Some(json) = json else {
            return Ok(Self::default());
        };
        let groups = serde_json::from_str(json).map_err(|error| QueryError::Corrupt {
            value: "reactions",
            reason: error.to_string(),
        })?;
        Ok(Self {
            groups,
            is_summary: false,
        })
    }

    /// Whether users are left out of a list. A summary is complete in itself.
    pub fn is_truncated(&self) -> bool {
        let is_cut = |group: &ReactionGroup| group.count > group.users.len() as i64;
        !self.is_summary && self.groups.iter().any(is_cut)
    }

    /// Replaces the lists of users by summaries.
    pub fn summarize(&mut self) {
        self.is_summary = true;
        for group in &mut self.groups {
            group.users.truncate(SUMMARY_USERS);
        }
    }
}

impl Serialize for MessageReactions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.groups.len()))?;
        for group in &self.groups {
            if self.is_summary {
                map.serialize_entry(&group.key, group)?;
            } else {
                map.serialize_entry(&group.key, &group.users)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reactions(count: usize, listed: usize) -> MessageReactions {
        let users: Vec<String> = (0..listed).map(|n| format!("u{n}")).collect();
        let column = json!([
            { "key": "b", "count": count, "mine": true, "users": users },
            { "key": "a", "count": 1, "mine": false, "users": ["ann"] },
        ]);
        MessageReactions::parse(Some(&column.to_string())).unwrap()
    }

    fn to_json(reactions: &MessageReactions) -> Value {
        serde_json::to_value(reactions).unwrap()
    }

    #[test]
    fn users_are_listed_by_key() {
        let some = reactions(2, 2);
        assert_eq!(to_json(&some), json!({ "b": ["u0", "u1"], "a": ["ann"] }));
        assert!(!some.is_truncated());
        let text = serde_json::to_string(&some).unwrap();
        assert!(text.starts_with(r#"{"b""#), "in the given order: {text}");
        assert!(reactions(101, 100).is_truncated());
        let none = MessageReactions::parse(None).unwrap();
        assert_eq!(to_json(&none), json!({}));
    }

    #[test]
    fn a_summary_has_counts_and_the_first_users() {
        let mut many = reactions(101, 100);
        many.summarize();
        assert!(!many.is_truncated());
        let json = to_json(&many);
        assert_eq!(json["b"]["count"], 101);
        assert_eq!(json["b"]["users"].as_array().unwrap().len(), SUMMARY_USERS);
        let one = json!({ "count": 1, "mine": false, "users": ["ann"] });
        assert_eq!(json["a"], one);
    }
}
