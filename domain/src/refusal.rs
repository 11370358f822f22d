//! A refusal: a rule said no. It is not a failure; nothing is broken and repeating changes nothing.

/// What kind of no it is. The HTTP edge turns each into a status, and only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 404: it does not exist, or the caller may not know that it does. Always the same words.
    NotFound,
    /// 403: a member without the right.
    Forbidden,
    /// 409: it exists already, or the key was used for something else.
    Conflict,
    /// 413: larger than a named limit.
    TooLarge,
    /// 422: well-formed, refused by a rule.
    Invalid,
}

/// Why a command was refused. `code` is stable and part of the contract; `detail` is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// What kind of no it is.
    pub kind: Kind,
    /// Stable, snake_case.
    pub code: &'static str,
    /// What was wrong, what was expected, what to do.
    pub detail: String,
    /// The field that was wrong, if it was one.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// The one answer to everybody who is not (or no longer) a member, and for unknown ids.
    pub fn not_found() -> Self {
        Self {
            kind: Kind::NotFound,
            code: "not_found",
            detail: "There is nothing here that you can see.".into(),
            field: None,
        }
    }

    /// A member without the right.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self {
            kind: Kind::Forbidden,
            code: "forbidden",
            detail: detail.into(),
            field: None,
        }
    }

    /// The peer has blocked the caller.
    pub fn blocked() -> Self {
        Self {
            kind: Kind::Forbidden,
            code: "blocked",
            detail: "This user does not take direct messages from you.".into(),
            field: None,
        }
    }

    /// A rule about one field.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: Kind::Invalid,
            code: "invalid",
            detail: detail.into(),
            field: Some(field),
        }
    }

    /// A rule with a code of its own.
    pub fn rule(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: Kind::Invalid,
            code,
            detail: detail.into(),
            field: None,
        }
    }

    /// Larger than a named limit.
    pub fn too_large(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: Kind::TooLarge,
            code: "too_large",
            detail: detail.into(),
            field: Some(field),
        }
    }

    /// It exists already.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self {
            kind: Kind::Conflict,
            code: "conflict",
            detail: detail.into(),
            field: None,
        }
    }
}
