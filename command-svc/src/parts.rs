//! Parsers for the ids and numbers in paths and request bodies.

use domain::ids::{ConversationId, ReactionKey, UserId};
use domain::refusal::Refusal;
use http_edge::extract::parse;

use crate::no::No;

/// Parses a conversation id. An invalid id gives the same `not_found` as an unknown one.
pub(crate) fn conversation(text: &str) -> Result<ConversationId, No> {
    ConversationId::parse(text).map_err(|_| No::Refused(Refusal::not_found()))
}

/// Parses a message's `seq`, a positive integer.
pub(crate) fn seq(text: &str) -> Result<i64, No> {
    parse::seq("seq", text).map_err(|_| {
        No::Malformed(
            "seq",
            "expected a whole number from 1 to 9223372036854775807",
        )
    })
}

/// Parses a user id from a path.
pub(crate) fn user(text: &str) -> Result<UserId, No> {
    UserId::parse(text).map_err(|invalid| No::Malformed("user", invalid.0))
}

/// Parses the key of a reaction.
pub(crate) fn reaction(text: &str) -> Result<ReactionKey, Refusal> {
    ReactionKey::parse(text).map_err(|invalid| Refusal::invalid("key", invalid.0))
}

/// Parses the user ids in a field of a request body.
pub(crate) fn users(field: &'static str, names: &[String]) -> Result<Vec<UserId>, Refusal> {
    names
        .iter()
        .map(|name| UserId::parse(name).map_err(|invalid| Refusal::invalid(field, invalid.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_is_a_positive_integer() {
        assert_eq!(seq("1").ok(), Some(1));
        assert_eq!(seq("9223372036854775807").ok(), Some(i64::MAX));
        for bad in [
            "",
            "0",
            "00",
            "-1",
            "+1",
            "1.0",
            "1e3",
            " 1",
            "one",
            "9223372036854775808",
        ] {
            assert!(matches!(seq(bad), Err(No::Malformed("seq", _))), "{bad}");
        }
    }

    #[test]
    fn an_invalid_conversation_id_is_not_found() {
        for bad in ["", "a b", "a/b", "ä", "\0", &"c".repeat(65)] {
            let Err(error) = conversation(bad) else {
                panic!("{bad} was accepted");
            };
            assert_eq!(error.code(), "not_found");
        }
        assert!(conversation("c_1.a-B").is_ok());
    }

    #[test]
    fn invalid_users_and_reactions_are_rejected() {
        assert!(matches!(user("\u{7}"), Err(No::Malformed("user", _))));
        assert!(user("ann@example.com").is_ok());
        assert_eq!(
            reaction(&"x".repeat(33)).map_err(|refusal| refusal.field),
            Err(Some("key"))
        );
        let members = users("members", &["ann".into(), String::new()]);
        assert_eq!(
            members.map_err(|refusal| refusal.field),
            Err(Some("members"))
        );
    }
}
