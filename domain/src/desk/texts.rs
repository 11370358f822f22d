//! The short texts of desks and their sessions.

use crate::ids::{InvalidIdError, text_id};

/// Refuses text that no one could read, that Postgres cannot store, or that is too long.
fn check_text(text: &str, max_chars: usize, too_long: &'static str) -> Result<(), InvalidIdError> {
    if text.chars().count() > max_chars {
        return Err(InvalidIdError(too_long));
    }
    if text.contains('\0') {
        return Err(InvalidIdError("The text must not contain U+0000."));
    }
    if text.trim().is_empty() {
        return Err(InvalidIdError("The text must not be blank."));
    }
    Ok(())
}

text_id!(
    /// The first message of every session of a desk: at most 2,000 characters.
    Greeting,
    |text| check_text(text, 2_000, "A greeting must have at most 2,000 characters.")
);

text_id!(
    /// What an agent writes about a session for other agents: at most 2,000 characters.
    SessionNote,
    |text| check_text(text, 2_000, "A note must have at most 2,000 characters.")
);

text_id!(
    /// Why a session was closed: at most 200 characters.
    CloseReason,
    |text| check_text(text, 200, "A reason must have at most 200 characters.")
);

text_id!(
    /// What a customer writes with a rating: at most 1,000 characters.
    RatingText,
    |text| check_text(text, 1_000, "The text of a rating must have at most 1,000 characters.")
);

text_id!(
    /// A tag of a session: at most 64 characters.
    SessionTag,
    |text| check_text(text, 64, "A tag must have at most 64 characters.")
);

impl CloseReason {
    /// The reason of a session that closed by itself.
    pub fn idle() -> Self {
        Self("idle".into())
    }

    /// The reason of a session whose desk was removed.
    pub fn desk_removed() -> Self {
        Self("desk_removed".into())
    }

    /// The reason of a session that was transferred to a desk where its customer had another one.
    pub fn merged() -> Self {
        Self("merged".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_limited_and_not_blank() {
        assert!(SessionNote::parse(&"\u{754c}".repeat(2_000)).is_ok());
        for bad in ["", " \n", "a\0", &"a".repeat(2_001)] {
            assert!(SessionNote::parse(bad).is_err());
            assert!(Greeting::parse(bad).is_err());
        }
        assert!(SessionTag::parse(&"t".repeat(65)).is_err());
        assert!(CloseReason::parse(&"t".repeat(201)).is_err());
        assert!(RatingText::parse(&"t".repeat(1_001)).is_err());
    }
}
