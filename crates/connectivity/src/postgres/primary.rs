//! Finds the host that accepts writes.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::task::JoinSet;

use super::address::DatabaseAddress;
use super::session::{ServerState, describe_host, load_state, unusable};
use crate::sqlstate::has_sqlstate;
use crate::timeout::within;

/// How long a host may take to answer. A machine that has vanished takes this long, and the others
/// wait for it: one of them may have been replaced by another.
const HOST_TIMEOUT: Duration = Duration::from_secs(1);

/// How the error of a host without an address begins; it has no kind of its own.
const LOOKUP_FAILURE: &str = "failed to lookup address information";

/// The host that accepts writes.
pub struct Primary {
    /// Its number in the address, from 0.
    pub host: usize,
    /// The options with which it was reached.
    pub options: PgConnectOptions,
    /// A session with it.
    pub connection: PgConnection,
}

/// Why each host of an address cannot be used.
#[derive(Debug)]
pub struct NoPrimaryError(Vec<RefusedHost>);

/// A host that cannot be used. It does not keep the options, which have the password.
#[derive(Debug)]
struct RefusedHost {
    host: String,
    /// The command that creates the database.
    createdb: String,
    error: sqlx::Error,
}

impl RefusedHost {
    fn new(options: &PgConnectOptions, error: sqlx::Error) -> Self {
        Self {
            host: describe_host(options),
            createdb: createdb_command(options),
            error,
        }
    }
}

impl NoPrimaryError {
    /// Whether every host refuses the user: the password, or `pg_hba.conf`.
    pub fn refuses_user(&self) -> bool {
        self.all_answer(&["28"])
    }

    /// Whether every host refuses the user or has no such database.
    pub fn is_permanent(&self) -> bool {
        self.all_answer(&["28", "3D"])
    }

    /// Whether every host answers with an error of one of these classes.
    fn all_answer(&self, classes: &[&str]) -> bool {
        self.0.iter().all(|host| has_sqlstate(&host.error, classes))
    }
}

impl fmt::Display for NoPrimaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no Postgres that accepts writes: ")?;
        for (nth, host) in self.0.iter().enumerate() {
            let separator = if nth == 0 { "" } else { "; " };
            write!(f, "{separator}{host}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RefusedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.host)?;
        // The text of sqlx has a prefix that says nothing to an operator.
        match &self.error {
            sqlx::Error::Io(error) => write!(f, "{error}")?,
            sqlx::Error::Database(error) => write!(f, "{error}")?,
            error => write!(f, "{error}")?,
        }
        match &self.error {
            sqlx::Error::Io(error) if error.to_string().starts_with(LOOKUP_FAILURE) => {
                write!(f, "; check the host in the address of the database")
            }
            error if has_sqlstate(error, &["3D"]) => {
                write!(f, "; create it with `{}`", self.createdb)
            }
            _ => Ok(()),
        }
    }
}

/// The command that creates the database of these options.
fn createdb_command(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let (port, user) = (options.get_port(), options.get_username());
    let database = options.get_database().unwrap_or(user);
    format!("createdb -h {host} -p {port} -U {user} {database}")
}

impl std::error::Error for NoPrimaryError {}

/// Asks all hosts at the same time, and returns the one that accepts writes. If several claim to,
/// it is the one that was promoted last; if that is unknown, the first of the address.
pub async fn find_primary(address: &DatabaseAddress) -> Result<Primary, NoPrimaryError> {
    let must_be_writable = address.must_be_writable();
    let mut asking = JoinSet::new();
    for (host, options) in address.hosts().iter().cloned().enumerate() {
        asking.spawn(async move {
            let asked = within(HOST_TIMEOUT, ask(&options, must_be_writable)).await;
            (host, options, asked)
        });
    }
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for (host, options, asked) in asking.join_all().await {
        match asked {
            Ok((state, connection)) => {
                let timeline = state.timeline.map_or(0, |server| server.timeline);
                let rank = (std::cmp::Reverse(timeline), host);
                let primary = Primary {
                    host,
                    options,
                    connection,
                };
                found.push((rank, state, primary));
            }
            Err(error) => refused.push((host, RefusedHost::new(&options, error))),
        }
    }
    found.sort_by_key(|(rank, _, _)| *rank);
    for (_, state, primary) in found {
        match state.require_primary() {
            Ok(()) => return Ok(primary),
            Err(reason) => {
                let refusal = RefusedHost::new(&primary.options, unusable(reason));
                refused.push((primary.host, refusal));
            }
        }
    }
    refused.sort_by_key(|(host, _)| *host);
    let refused = refused.into_iter().map(|(_, refused)| refused);
    Err(NoPrimaryError(refused.collect()))
}

/// Connects to a host and asks for its state. Fails if it is a standby.
async fn ask(
    options: &PgConnectOptions,
    must_be_writable: bool,
) -> Result<(ServerState, PgConnection), sqlx::Error> {
    let mut connection = options.connect().await?;
    let state = load_state(&mut connection).await?;
    if must_be_writable && state.is_read_only && !state.is_standby {
        let reason = "its sessions are read only (default_transaction_read_only is on)";
        return Err(unusable(reason.to_owned()));
    }
    if state.is_standby {
        state.require_primary().map_err(unusable)?;
    }
    Ok((state, connection))
}
