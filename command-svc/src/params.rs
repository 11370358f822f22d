//! Parsers for the ids and numbers in paths and request bodies.

use domain::ids::{ConversationId, ReactionKey, UserId};
use domain::refusal::Refusal;
use http_edge::extract::params;

use crate::error::CommandError;

/// Parses a conversation id. An invalid id gives the same `not_found` as an unknown one.
pub(crate) fn parse_conversation(text: &str) -> Result<ConversationId, CommandError> {
    ConversationId::parse(text).map_err(|_| CommandError::Rejected(Refusal::not_found()))
}

/// Parses a message's `seq`, a positive integer.
pub(crate) fn parse_seq(text: &str) -> Result<i64, CommandError> {
    params::parse_seq("seq", text).map_err(|_| {
        CommandError::Malformed(
            "seq",
            "expected a whole number from 1 to 9223372036854775807",
        )
    })
}

/// Parses a user id from a path.
pub(crate) fn parse_user(text: &str) -> Result<UserId, CommandError> {
    UserId::parse(text).map_err(|invalid| CommandError::Malformed("user", invalid.0))
}

/// Parses the key of a reaction.
pub(crate) fn parse_reaction(text: &str) -> Result<ReactionKey, Refusal> {
    ReactionKey::parse(text).map_err(|invalid| Refusal::invalid("key", invalid.0))
}

/// Parses the user ids in a field of a request body.
pub(crate) fn parse_users(field: &'static str, names: &[String]) -> Result<Vec<UserId>, Refusal> {
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
        assert_eq!(parse_seq("1").ok(), Some(1));
        assert_eq!(parse_seq("9223372036854775807").ok(), Some(i64::MAX));
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
            assert!(
                matches!(parse_seq(bad), Err(CommandError::Malformed("seq", _))),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_invalid_conversation_id_is_not_found() {
        for bad in ["", "a b", "a/b", "ä", "\0", &"c".repeat(65)] {
            let Err(error) = parse_conversation(bad) else {
                panic!("{bad} was accepted");
            };
            assert_eq!(error.code(), "not_found");
        }
        assert!(parse_conversation("c_1.a-B").is_ok());
    }

    #[test]
    fn invalid_users_and_reactions_are_rejected() {
        assert!(matches!(
            parse_user("\u{7}"),
            Err(CommandError::Malformed("user", _))
        ));
        assert!(parse_user("ann@example.com").is_ok());
        assert_eq!(
            parse_reaction(&"x".repeat(33)).map_err(|refusal| refusal.field),
            Err(Some("key"))
        );
        let members = parse_users("members", &["ann".into(), String::new()]);
        assert_eq!(
            members.map_err(|refusal| refusal.field),
            Err(Some("members"))
        );
    }
}
