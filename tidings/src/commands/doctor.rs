//! `tidings doctor`: names what hurts in the servers that are used.

use anyhow::{Result, bail};
use diagnostics::doctor::{ExaminedSystem, RoleSessions, examine};
use service::pools::SessionLimits;
use settings::{DoctorArgs, Services, SystemConfig};

use crate::output::{out, outln};

/// Examines the system and prints what was found. Returns an error if something must change.
pub async fn run(config: &SystemConfig, args: &DoctorArgs) -> Result<()> {
    let roles = Services::ROLES.map(|(role, services)| RoleSessions {
        role,
        sessions: SessionLimits::for_services(services).total(),
    });
    let report = examine(ExaminedSystem {
        data: &config.data_dir(),
        servers: config.server_urls(),
        mirror: config.mirror_config(),
        roles: &roles,
    })
    .await?;
    if args.json {
        outln!("{}", serde_json::to_string(&report)?)?;
    } else {
        out!("{report}")?;
    }
    match report.problems() {
        0 => Ok(()),
        1 => bail!("one problem must be solved"),
        problems => bail!("{problems} problems must be solved"),
    }
}
