//! Why a request has no caller.

/// Why a token is refused. The claims of a token that no trusted key has signed are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// The request has no token, or more than one.
    Missing,
    /// The token was valid until its `exp`.
    Expired,
    /// The token never was valid here, for this reason.
    Invalid(&'static str),
}

impl TokenRefusal {
    /// No trusted key has signed the token.
    pub(super) const UNTRUSTED: Self =
        Self::Invalid("The token is not signed with a key that this server trusts.");
    /// The claims have other types than expected, or one is missing.
    pub(crate) const CLAIMS: Self = Self::Invalid(
        "The token needs the claims sub (a user id of 1 to 128 characters) and exp (seconds since \
         1970); scope is a text.",
    );
    /// `nbf` is in the future.
    pub(super) const NOT_YET_VALID: Self =
        Self::Invalid("The token is not valid yet: its nbf is in the future.");
    /// `aud` does not name this application.
    pub(super) const AUDIENCE: Self =
        Self::Invalid("The token is for another application: its aud does not name this one.");
    /// `iss` is not the expected issuer.
    pub(super) const ISSUER: Self =
        Self::Invalid("The token is from another issuer: its iss is not the expected one.");

    /// A connection continues only for its own user.
    pub(crate) const OTHER_USER: Self =
        Self::Invalid("The token names another user than the connection.");

    /// The problem code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Expired => "token_expired",
            Self::Invalid(_) => "token_invalid",
        }
    }

    /// What happened and what to do, for people.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "Send one header Authorization: Bearer <token>.",
            Self::Expired => "The token has expired. Get a new one.",
            Self::Invalid(reason) => reason,
        }
    }
}
