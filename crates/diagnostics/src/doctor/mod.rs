//! What `tidings doctor` finds: settings, rights, versions, clocks and poolers that hurt.
//!
//! `postgres` and `nats` ask the servers; `pooler` recognises what stands before Postgres; `clock`
//! judges differences of time; `disk` looks at the data directory. Each returns `finding`s.

mod clock;
mod disk;
mod finding;
mod nats;
mod pooler;
mod postgres;
mod vanished;

use std::fmt;

use data_dir::{DataDir, ServerUrls};
use event_stream::mirror::MirrorConfig;
use serde::Serialize;

pub use finding::{Finding, FindingLevel, RoleSessions};

/// What is examined.
pub struct ExaminedSystem<'a> {
    /// The data directory.
    pub data: &'a DataDir,
    /// The configured servers, which take precedence over those of the running system.
    pub servers: ServerUrls,
    /// The names of the mirror in NATS.
    pub mirror: MirrorConfig,
    /// The roles; the first one is a whole system.
    pub roles: &'a [RoleSessions],
}

/// Everything that was found.
#[derive(Debug, Clone, Serialize)]
pub struct DoctorReport {
    /// In the order of examination.
    pub findings: Vec<Finding>,
}

impl DoctorReport {
    /// The number of problems.
    pub fn problems(&self) -> usize {
        let is_problem = |finding: &&Finding| finding.level == FindingLevel::Problem;
        self.findings.iter().filter(is_problem).count()
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let level = match finding.level {
                FindingLevel::Ok => "ok",
                FindingLevel::Note => "note",
                FindingLevel::Problem => "PROBLEM",
            };
            writeln!(f, "{level:<8} {:<9} {}", finding.subject, finding.text)?;
        }
        Ok(())
    }
}

/// Examines the servers and the data directory. A server that cannot be reached is a finding.
pub async fn examine(system: ExaminedSystem<'_>) -> anyhow::Result<DoctorReport> {
    let running = system.data.find_running()?;
    let servers = system.servers.or_running(running.as_ref());
    let mut findings = Vec::new();
    match &servers.database {
        Some(url) => findings.extend(postgres::examine(url, system.roles).await),
        None if !system.data.has_database() => return Err(system.data.no_system_error().into()),
        None => findings.push(Finding::note(
            pooler::SUBJECT,
            "the system is stopped: its private Postgres cannot be examined",
        )),
    }
    if let Some(url) = &servers.nats {
        findings.extend(nats::examine(url, &system.mirror).await);
    }
    findings.extend(disk::examine(system.data.path()));
    Ok(DoctorReport { findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_counted_and_stand_out() {
        let report = DoctorReport {
            findings: vec![
                Finding::ok("postgres", "version 18.6"),
                Finding::problem("postgres", "fsync is off"),
                Finding::note("disk", "1.00 GiB are free"),
            ],
        };
        assert_eq!(report.problems(), 1);
        assert_eq!(
            report.to_string(),
            "ok       postgres  version 18.6\nPROBLEM  postgres  fsync is off\nnote     disk      1.00 GiB are free\n"
        );
    }
}
