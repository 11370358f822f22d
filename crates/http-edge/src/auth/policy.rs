//! What a token must claim besides its user.

/// What a token must claim. The keys decide who may issue tokens; where an issuer signs tokens for
/// several applications with the same keys, the policy decides which of them are for this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPolicy {
    /// The names of this application, one of which `aud` must have. Empty: any audience, or none.
    pub audiences: Vec<String>,
    /// The value that `iss` must have. `None`: any issuer.
    pub issuer: Option<String>,
    /// The scope that opens the admin routes.
    pub admin_scope: String,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self {
            audiences: Vec::new(),
            issuer: None,
            admin_scope: "admin".into(),
        }
    }
}
