//! What a process knows once its services have started.

use accounts::SetupCode;

/// The versions that the servers report. `None` for a server that does not respond.
#[derive(Debug, Clone, Default)]
pub struct ServerVersions {
    /// Postgres, as `15.18 (Debian 15.18-1)`.
    pub postgres: Option<String>,
    /// nats-server, as `2.15.1`.
    pub nats: Option<String>,
}

/// What there is to say once the services have started.
#[derive(Debug, Clone, Default)]
pub struct StartReport {
    /// The versions of the servers.
    pub versions: ServerVersions,
    /// With this code, an owner can set the place up; `None` where nobody needs one.
    pub setup_code: Option<SetupCode>,
}
