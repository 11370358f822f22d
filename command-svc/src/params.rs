//! Parsers for the ids and numbers in paths and request bodies.

use std::time::Duration;

use domain::ids::{ConversationId, ReactionKey, UserId};
use domain::link_code::LinkCode;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use http_edge::Problem;
use http_edge::extract::params;

use crate::error::CommandError;

/// Parses a conversation id. An invalid id gives the same `not_found` as an unknown one.
pub(crate) fn parse_conversation(text: &str) -> Result<ConversationId, CommandError> {
    ConversationId::parse(text).map_err(|_| CommandError::Rejected(Refusal::not_found()))
}

/// Parses the seq of a message in a path.
pub(crate) fn parse_seq(text: &str) -> Result<i64, CommandError> {
    params::parse_seq(text).map_err(CommandError::BadRequest)
}

/// Parses a user id from a path.
pub(crate) fn parse_user(text: &str) -> Result<UserId, CommandError> {
    UserId::parse(text)
        .map_err(|invalid| CommandError::BadRequest(Problem::malformed("user", invalid.0)))
}

/// Parses the key of a reaction to add.
pub(crate) fn parse_new_reaction(text: &str) -> Result<ReactionKey, Refusal> {
    ReactionKey::parse_new(text).map_err(|invalid| Refusal::invalid("key", invalid.0))
}

/// Parses the key of an existing reaction.
pub(crate) fn parse_reaction(text: &str) -> Result<ReactionKey, Refusal> {
    ReactionKey::parse(text).map_err(|invalid| Refusal::invalid("key", invalid.0))
}

/// Parses the code of a link. An invalid code gives the same `not_found` as an unknown one.
pub(crate) fn parse_link(text: &str) -> Result<(LinkCode, ConversationId), CommandError> {
    let parsed = LinkCode::parse(text).and_then(|code| {
        let conversation = code.conversation()?;
        Ok((code, conversation))
    });
    parsed.map_err(|_| CommandError::Rejected(Refusal::not_found()))
}

/// Parses a time in a field of a request body.
pub(crate) fn parse_time(field: &'static str, text: &str) -> Result<Timestamp, Refusal> {
    let expected = || Refusal::invalid(field, format!("Expected {}.", Timestamp::FORMAT));
    Timestamp::parse(text).ok_or_else(expected)
}

/// Parses a duration, such as `7d`, in a field of a request body.
pub(crate) fn parse_duration(
    field: &'static str,
    text: &str,
    longest: Duration,
) -> Result<Duration, Refusal> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() && duration <= longest => Ok(duration),
        _ => {
            let longest = humantime::format_duration(longest);
            Err(Refusal::invalid(
                field,
                format!("Expected a duration such as 30s, 10m, 2h or 7d, at most {longest}."),
            ))
        }
    }
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
    use domain::link_code::{LinkId, LinkSecret};

    use super::*;

    #[test]
    fn a_seq_is_malformed_or_missing() {
        let code = |text| parse_seq(text).map_err(|error| error.code());
        assert_eq!(code("1"), Ok(1));
        assert_eq!(code("0"), Err("malformed"));
        assert_eq!(code("9223372036854775808"), Err("not_found"));
    }

    #[test]
    fn a_link_names_its_conversation() {
        let conversation = ConversationId::parse("a.b").expect("an id");
        let secret = LinkSecret::from_bytes(vec![7; 32]);
        let code = LinkCode::derive(&secret, &LinkId::new(7), &conversation);
        let parsed = parse_link(code.as_str()).map_err(|error| error.code());
        assert_eq!(parsed, Ok((code, conversation)));
        for bad in [
            "",
            "a.b",
            "00.a",
            &format!("{}.", "0".repeat(32)),
            &"0".repeat(33),
        ] {
            let parsed = parse_link(bad).map_err(|error| error.code());
            assert_eq!(parsed, Err("not_found"), "{bad}");
        }
    }

    #[test]
    fn a_duration_is_positive_and_bounded() {
        let parse = |text: &str| {
            let parsed = parse_duration("expires_in", text, Duration::from_secs(3_600));
            parsed.map_err(|refusal| refusal.field)
        };
        assert_eq!(parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse("1h"), Ok(Duration::from_secs(3_600)));
        for bad in ["", "0s", "61m", "7", "a day", "-1s"] {
            assert_eq!(parse(bad), Err(Some("expires_in")), "{bad}");
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
        assert_eq!(
            parse_user("\u{7}").map_err(|error| error.code()),
            Err("malformed")
        );
        assert!(parse_user("ann@example.com").is_ok());
        assert_eq!(
            parse_reaction(&"x".repeat(33)).map_err(|refusal| refusal.field),
            Err(Some("key"))
        );
        assert_eq!(
            parse_new_reaction("..").map_err(|refusal| refusal.field),
            Err(Some("key"))
        );
        assert!(parse_reaction("..").is_ok());
        let members = parse_users("members", &["ann".into(), String::new()]);
        assert_eq!(
            members.map_err(|refusal| refusal.field),
            Err(Some("members"))
        );
    }
}
