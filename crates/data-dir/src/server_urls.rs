//! The addresses of the servers that a command uses.

use crate::run_file::RunInfo;

/// The addresses of Postgres and NATS, as far as they are known. May contain passwords.
#[derive(Clone, Default)]
pub struct ServerUrls {
    /// The address of Postgres.
    pub database: Option<String>,
    /// The address of NATS.
    pub nats: Option<String>,
}

impl ServerUrls {
    /// Completes the configured addresses with those of the running system.
    #[must_use]
    pub fn or_running(self, running: Option<&RunInfo>) -> Self {
        let of_running = |url: fn(&RunInfo) -> &String| running.map(url).cloned();
        Self {
            database: self
                .database
                .or_else(|| of_running(|running| &running.database_url)),
            nats: self
                .nats
                .or_else(|| of_running(|running| &running.nats_url)),
        }
    }
}
