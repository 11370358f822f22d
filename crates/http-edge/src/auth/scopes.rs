//! What a token opens besides the calls of its user.

/// The scope that opens the routes for moderators.
pub const MODERATOR_SCOPE: &str = "moderator";
/// The scope of a service that may act for any user.
pub const SERVICE_SCOPE: &str = "service";

/// The scopes of a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Opens everything, including the routes for administrators.
    pub admin: bool,
    /// Opens the routes for moderators.
    pub moderator: bool,
    /// May act for any user.
    pub service: bool,
}

impl Scopes {
    /// Parses the claim `scope`, names that are separated by spaces. The name of the scope `admin`
    /// is configured; unknown names are other applications' and open nothing here.
    pub(super) fn parse(scope: &str, admin_scope: &str) -> Self {
        let has = |name: &str| scope.split_ascii_whitespace().any(|one| one == name);
        Self {
            admin: has(admin_scope),
            moderator: has(MODERATOR_SCOPE),
            service: has(SERVICE_SCOPE),
        }
    }
}
