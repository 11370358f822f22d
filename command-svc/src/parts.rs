//! The parts of a path, each parsed once.

use domain::ids::{ConversationId, ReactionKey, UserId};
use domain::refusal::Refusal;
use http_edge::extract::parse;

use crate::no::No;

/// A conversation. An id that cannot exist is answered as one that does not.
pub(crate) fn conversation(text: &str) -> Result<ConversationId, No> {
    ConversationId::parse(text).map_err(|_| No::Refused(Refusal::not_found()))
}

/// A message's seq.
pub(crate) fn seq(text: &str) -> Result<i64, No> {
    parse::seq("seq", text).map_err(|_| {
        No::Malformed(
            "seq",
            "expected a whole number from 1 to 9223372036854775807",
        )
    })
}

/// A user.
pub(crate) fn user(text: &str) -> Result<UserId, No> {
    UserId::parse(text).map_err(|invalid| No::Malformed("user", invalid.0))
}

/// A reaction.
pub(crate) fn reaction(text: &str) -> Result<ReactionKey, Refusal> {
    ReactionKey::parse(text).map_err(|invalid| Refusal::invalid("key", invalid.0))
}

/// The users that a field of a body names.
pub(crate) fn users(field: &'static str, named: &[String]) -> Result<Vec<UserId>, Refusal> {
    named
        .iter()
        .map(|user| UserId::parse(user).map_err(|invalid| Refusal::invalid(field, invalid.0)))
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
    fn an_impossible_conversation_is_an_unknown_one() {
        for bad in ["", "a b", "a/b", "ä", "\0", &"c".repeat(65)] {
            assert!(matches!(conversation(bad), Err(No::Refused(no)) if no.code == "not_found"));
        }
        assert!(conversation("c_1.a-B").is_ok());
    }

    #[test]
    fn users_and_reactions_are_checked() {
        assert!(matches!(user("\u{7}"), Err(No::Malformed("user", _))));
        assert!(user("ann@example.com").is_ok());
        assert_eq!(
            reaction(&"x".repeat(33)).map_err(|no| no.field),
            Err(Some("key"))
        );
        let named = users("members", &["ann".into(), String::new()]);
        assert_eq!(named.map_err(|no| no.field), Err(Some("members")));
    }
}
