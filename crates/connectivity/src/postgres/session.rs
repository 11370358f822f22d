//! Sessions with the server that accepts writes.

use std::io;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, Row as _};

use super::fence::{self, ServerTimeline};
use crate::outage_log::OutageLog;
use crate::timeout::{EXCHANGE_TIMEOUT, within};

/// What a server says about itself. A standby has no timeline of its own.
const SERVER_STATE: &str = "SELECT pg_is_in_recovery() AS is_standby,
            current_setting('transaction_read_only') = 'on' AS is_read_only,
            CASE WHEN pg_is_in_recovery() THEN NULL
                 ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline,
            (SELECT system_identifier FROM pg_control_system()) AS system";

/// The same where the functions of a managed service are restricted.
const RESTRICTED_SERVER_STATE: &str = "SELECT pg_is_in_recovery() AS is_standby,
            current_setting('transaction_read_only') = 'on' AS is_read_only,
            NULL::text AS timeline, NULL::bigint AS system";

/// Whether new sessions are with a server that may be used. All pools have the same one.
static SESSIONS: OutageLog = OutageLog::new("Using the Postgres at this address");

/// What a server says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerState {
    pub(super) is_standby: bool,
    pub(super) is_read_only: bool,
    pub(super) timeline: Option<ServerTimeline>,
}

/// The host and port, or the directory of the socket.
pub fn describe_host(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// Opens a session and checks it. With the options of a pool, it is with the server that the pool
/// uses; but it is no connection of the pool, so a server that does not answer cannot block that.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let opened = async {
        let mut connection = options.connect().await?;
        check_session(&mut connection).await?;
        Ok(connection)
    };
    let opened = within(EXCHANGE_TIMEOUT, opened).await;
    opened.map_err(|error| name_host(error, options))
}

/// Adds the host to an error of the network.
fn name_host(error: sqlx::Error, options: &PgConnectOptions) -> sqlx::Error {
    match error {
        sqlx::Error::Io(error) => sqlx::Error::Io(io::Error::new(
            error.kind(),
            format!("{}: {error}", describe_host(options)),
        )),
        error => error,
    }
}

/// Fails if a new session is with a standby, or with a server that has been replaced. Pools call
/// this for each connection that they open.
pub async fn check_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let state = within(EXCHANGE_TIMEOUT, load_state(connection)).await?;
    // A pool only says that it has no connection.
    let checked = SESSIONS.record(state.require_primary());
    checked.map_err(unusable)
}

pub(super) fn unusable(reason: String) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, reason))
}

impl ServerState {
    /// Says why the server cannot be used, if it cannot.
    pub(super) fn require_primary(&self) -> Result<(), String> {
        if self.is_standby {
            return Err("it is a hot standby, which accepts no writes (25006)".to_owned());
        }
        self.timeline.map_or(Ok(()), fence::admit)
    }
}

/// Asks a server for its state. A text without arguments is sent with the simple protocol, which
/// also works with a pooler that shares sessions: it must get this far to be recognised.
pub(super) async fn load_state(connection: &mut PgConnection) -> Result<ServerState, sqlx::Error> {
    let row = connection.fetch_one(SERVER_STATE).await;
    let row = match row {
        // 42501: no permission. 42883, 0A000: no such function.
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("42501" | "42883" | "0A000")) =>
        {
            connection.fetch_one(RESTRICTED_SERVER_STATE).await?
        }
        row => row?,
    };
    let timeline: Option<String> = row.try_get("timeline")?;
    let system: Option<i64> = row.try_get("system")?;
    let timeline = timeline.and_then(|hex| u32::from_str_radix(&hex, 16).ok());
    Ok(ServerState {
        is_standby: row.try_get("is_standby")?,
        is_read_only: row.try_get("is_read_only")?,
        timeline: system
            .zip(timeline)
            .map(|(system, timeline)| ServerTimeline { system, timeline }),
    })
}
