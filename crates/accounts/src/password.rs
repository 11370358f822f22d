//! Passwords and their hashes. `Debug` prints neither.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// The minimum length of a password, in code points.
pub const MIN_PASSWORD_CHARS: usize = 10;
/// The maximum length of a password, in code points.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// A password has too few or too many characters. The error does not contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "A password must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters; this one has {0}."
)]
pub struct PasswordLengthError(pub usize);

/// A password in the form in which it is hashed: composed (NFC), because keyboards differ in how
/// they write an accent. Nothing is trimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password to set, of 10 to 128 code points.
    pub fn parse(text: &str) -> Result<Self, PasswordLengthError> {
        match text.chars().count() {
            MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS => Ok(Self::candidate(text)),
            length => Err(PasswordLengthError(length)),
        }
    }

    /// A password to compare. One of any length is compared, so that the answer is the same for
    /// every wrong one.
    pub fn candidate(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The Argon2id hash of a password with its salt and parameters, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_counted_in_code_points() {
        assert_eq!(
            Password::parse("short pass"),
            Ok(Password("short pass".into()))
        );
        assert_eq!(Password::parse("too short"), Err(PasswordLengthError(9)));
        assert!(Password::parse(&"密".repeat(128)).is_ok());
        assert_eq!(
            Password::parse(&"密".repeat(129)),
            Err(PasswordLengthError(129))
        );
    }

    #[test]
    fn both_forms_of_an_accent_are_one_password_and_spaces_count() {
        assert_eq!(
            Password::candidate("cafe\u{301} au lait"),
            Password::candidate("caf\u{e9} au lait")
        );
        assert_ne!(
            Password::candidate(" correct horse"),
            Password::candidate("correct horse")
        );
    }

    #[test]
    fn a_password_is_not_shown() {
        let password = Password::candidate("correct horse");
        let hash = PasswordHash("$argon2id$...".into());
        assert_eq!(format!("{password:?} {hash:?}"), "*** ***");
        let error = Password::parse("too short").expect_err("9 characters");
        assert!(!format!("{error} {error:?}").contains("short\""));
    }
}
