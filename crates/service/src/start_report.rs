//! What a process knows once its services have started.

use accounts::SetupCode;

use crate::Services;

/// The versions that the servers report. `None` for a server that does not respond.
#[derive(Debug, Clone, Default)]
pub struct ServerVersions {
    /// Postgres, as `15.18 (Debian 15.18-1)`.
    pub postgres: Option<String>,
    /// nats-server, as `2.15.1`.
    pub nats: Option<String>,
}

impl ServerVersions {
    /// Logs one line with what an operator needs to know of a process that has started.
    pub(crate) fn log_start(&self, services: Services, address: &str) {
        let mut roles = Services::ROLES.iter();
        let role = roles.find(|(_, of_role)| *of_role == services);
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            role = role.map_or("", |(role, _)| role),
            address,
            postgres = self.postgres.as_deref().unwrap_or("away"),
            nats = self.nats.as_deref().unwrap_or("away"),
            "started"
        );
    }
}

/// What there is to say once the services have started.
#[derive(Debug, Clone, Default)]
pub struct StartReport {
    /// The versions of the servers.
    pub versions: ServerVersions,
    /// With this code, an owner can set the place up; `None` where nobody needs one.
    pub setup_code: Option<SetupCode>,
}
