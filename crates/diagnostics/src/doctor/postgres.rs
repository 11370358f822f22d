//! Postgres: its version, its settings, the rights of the user, and its clock.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use connectivity::postgres::{describe_host, find_primary};
use connectivity::timeout::{PAGE_TIMEOUT, within};
use data_dir::postgres::parse_database_address;
use embedded_servers::find::SUPPORTED_POSTGRES_MAJORS;
use event_log::may_append;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, PgConnection};

use super::clock::judge_clock;
use super::finding::{Finding, FindingLevel, RoleSessions};
use super::pooler::{self, SUBJECT};
use super::vanished;

/// A smaller cache makes nearly every look-up read from the disk.
const MIN_SHARED_BUFFERS: i64 = 128 * 1024 * 1024;

/// Statements that check a read model or create an index take minutes.
const MIN_STATEMENT_TIMEOUT_MS: i64 = 10_000;

/// The settings of the server, as a new session has them, in the unit of `pg_settings`.
type ServerSettings = HashMap<String, String>;

/// Examines the Postgres at this address.
pub(super) async fn examine(url: &str, roles: &[RoleSessions]) -> Vec<Finding> {
    let problem = |text: String| vec![Finding::problem(SUBJECT, text)];
    // The plain address: a session must have the settings of the server.
    let address = match connectivity::postgres::DatabaseAddress::parse(url) {
        Ok(address) => address,
        Err(error) => return problem(error.to_string()),
    };
    let mut primary = match find_primary(&address).await {
        Ok(primary) => primary,
        Err(error) => return problem(error.to_string()),
    };
    let host = describe_host(&primary.options);
    // With the options of the services: a pooler may refuse them.
    let services = match parse_database_address(url) {
        Ok(address) => address,
        Err(error) => return problem(error.to_string()),
    };
    let services = &services.hosts()[primary.host];
    let pooler = pooler::examine(services, roles).await;
    if pooler.level == FindingLevel::Problem {
        return vec![pooler];
    }
    let mut findings = match within(PAGE_TIMEOUT, load(&mut primary.connection)).await {
        Ok(server) => server.judge(&host, roles),
        Err(error) => problem(format!("{host} cannot be examined: {error}")),
    };
    drop(primary.connection.close().await);
    findings.push(pooler);
    findings.push(vanished::examine(services).await);
    findings
}

/// What a server says.
struct ExaminedServer {
    version: String,
    version_number: u32,
    encoding: String,
    settings: ServerSettings,
    rights: UserRights,
    sessions: SessionCounts,
    clock_difference: Duration,
}

/// What the user may do. `None`: what this is about does not exist yet.
#[derive(sqlx::FromRow)]
struct UserRights {
    creates_schemas: bool,
    uses_public: bool,
    #[sqlx(default)]
    appends: Option<bool>,
    reads_control: bool,
}

/// How many sessions there may be, and how many others there are.
#[derive(sqlx::FromRow)]
struct SessionCounts {
    of_server: i64,
    of_database: i64,
    of_user: i64,
    foreign: i64,
}

async fn load(connection: &mut PgConnection) -> Result<ExaminedServer, sqlx::Error> {
    let (version, number, encoding): (String, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version'), current_setting('server_version_num'),
                current_setting('server_encoding')",
    )
    .fetch_one(&mut *connection)
    .await?;
    // What this program sets for each of its sessions is left out.
    let settings: Vec<(String, String)> = sqlx::query_as("SELECT name, setting FROM pg_settings")
        .fetch_all(&mut *connection)
        .await?;
    let mut rights: UserRights = sqlx::query_as(
        "SELECT has_database_privilege(current_database(), 'CREATE') AS creates_schemas,
                has_schema_privilege('public', 'CREATE') OR to_regclass('public.events') IS NOT NULL
                    AS uses_public,
                has_function_privilege('pg_control_system()', 'EXECUTE') AS reads_control",
    )
    .fetch_one(&mut *connection)
    .await?;
    rights.appends = may_append(connection).await?;
    let sessions = sqlx::query_as(
        "SELECT current_setting('max_connections')::bigint
                  - current_setting('superuser_reserved_connections')::bigint AS of_server,
                d.datconnlimit::bigint AS of_database, r.rolconnlimit::bigint AS of_user,
                (SELECT count(*) FROM pg_stat_activity
                  WHERE backend_type = 'client backend' AND application_name NOT LIKE 'tidings%'
                    AND pid <> pg_backend_pid()) AS foreign
           FROM pg_database d, pg_roles r
          WHERE d.datname = current_database() AND r.rolname = current_user",
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(ExaminedServer {
        version,
        version_number: number.parse().unwrap_or(0),
        encoding,
        settings: settings.into_iter().collect(),
        rights,
        sessions,
        clock_difference: compare_clocks(connection).await?,
    })
}

/// The difference between the clocks, without half of the round trip.
async fn compare_clocks(connection: &mut PgConnection) -> Result<Duration, sqlx::Error> {
    let (asked, asked_at) = (Instant::now(), OffsetDateTime::now_utc());
    let there: OffsetDateTime = sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(connection)
        .await?;
    let here = asked_at + asked.elapsed() / 2;
    Ok((there - here).unsigned_abs())
}

impl ExaminedServer {
    fn judge(&self, host: &str, roles: &[RoleSessions]) -> Vec<Finding> {
        let mut findings = vec![self.judge_version(host)];
        findings.extend(judge_settings(&self.settings));
        if self.encoding != "UTF8" {
            findings.push(Finding::problem(
                SUBJECT,
                format!(
                    "the database has the encoding {}; create it with ENCODING 'UTF8'",
                    self.encoding
                ),
            ));
        }
        findings.extend(self.judge_rights());
        findings.extend(self.judge_sessions(roles));
        findings.push(judge_clock(SUBJECT, self.clock_difference));
        findings
    }

    fn judge_version(&self, host: &str) -> Finding {
        let (range, version) = (SUPPORTED_POSTGRES_MAJORS, &self.version);
        if range.contains(&(self.version_number / 10_000)) {
            return Finding::ok(SUBJECT, format!("version {version} at {host}"));
        }
        let (first, last) = (range.start(), range.end());
        Finding::problem(
            SUBJECT,
            format!("version {version} at {host} is not supported; use {first} to {last}"),
        )
    }

    fn judge_rights(&self) -> Vec<Finding> {
        let rights = &self.rights;
        let mut findings = Vec::new();
        if !rights.creates_schemas {
            let text = "the user may not create schemas in this database: make it the owner, or \
                        GRANT CREATE ON DATABASE";
            findings.push(Finding::problem(SUBJECT, text));
        }
        if !rights.uses_public {
            let text =
                "the user may not create the view public.events: GRANT CREATE ON SCHEMA public";
            findings.push(Finding::problem(SUBJECT, text));
        }
        if rights.appends == Some(false) {
            let text = "another user owns the log, and this one may not append: use the owner";
            findings.push(Finding::problem(SUBJECT, text));
        }
        if !rights.reads_control {
            let text = "the user may not execute pg_control_system(): an old primary that comes back \
                        after a failover is not recognised";
            findings.push(Finding::note(SUBJECT, text));
        }
        if findings.is_empty() {
            findings.push(Finding::ok(
                SUBJECT,
                "the user has the rights that are needed",
            ));
        }
        findings
    }

    /// Compares the sessions that there may be with those that a whole system needs.
    fn judge_sessions(&self, roles: &[RoleSessions]) -> Option<Finding> {
        let needed = i64::from(roles.first()?.sessions);
        let counts = &self.sessions;
        let limits = [
            (
                "max_connections of the server leaves",
                counts.of_server - counts.foreign,
            ),
            ("the limit of the database is", counts.of_database),
            ("the limit of the user is", counts.of_user),
        ];
        // -1: no limit.
        let limits = limits.into_iter().filter(|(_, limit)| *limit != -1);
        let (what, limit) = limits.min_by_key(|(_, limit)| *limit)?;
        let needs = pooler::list(roles);
        Some(if limit < needed {
            Finding::problem(
                SUBJECT,
                format!("{what} {limit} connections, too few for a process. They need: {needs}"),
            )
        } else {
            let text = format!("{what} {limit} connections. Processes need: {needs}");
            Finding::ok(SUBJECT, text)
        })
    }
}

/// What may be wrong with the settings, and whether it is.
fn check_settings(settings: &ServerSettings) -> [(bool, FindingLevel, &'static str); 10] {
    let is = |name: &str, value: &str| settings.get(name).is_some_and(|found| found == value);
    let number = |name: &str| {
        settings
            .get(name)
            .and_then(|found| found.parse::<i64>().ok())
    };
    let (note, problem) = (FindingLevel::Note, FindingLevel::Problem);
    let lower_limit = |name: &str| {
        number(name).is_some_and(|limit| (1..MIN_STATEMENT_TIMEOUT_MS).contains(&limit))
    };
    [
        (
            is("fsync", "off"),
            problem,
            "fsync is off: a power cut loses acknowledged messages; set it to on",
        ),
        (
            is("full_page_writes", "off"),
            problem,
            "full_page_writes is off: a power cut can destroy pages; set it to on",
        ),
        (
            is("default_transaction_read_only", "on"),
            problem,
            "default_transaction_read_only is on: nothing can be written; set it to off for this user",
        ),
        (
            !is("default_transaction_isolation", "read committed"),
            problem,
            "default_transaction_isolation is not read committed: commands and projections fail when they meet; set it for this user",
        ),
        (
            lower_limit("statement_timeout"),
            problem,
            "statement_timeout is under 10 s: migrations, rebuilds and exports are cut off; set it to 0 for this user",
        ),
        (
            lower_limit("transaction_timeout"),
            problem,
            "transaction_timeout is under 10 s: migrations, rebuilds and exports are cut off; set it to 0 for this user",
        ),
        (
            is("synchronous_commit", "off"),
            note,
            "synchronous_commit is off: Tidings sets it to on where it appends, but what other programs commit can be lost",
        ),
        (
            is("wal_level", "minimal"),
            note,
            "wal_level is minimal: neither a standby nor a backup to a point in time is possible; set it to replica",
        ),
        (
            is("autovacuum", "off"),
            note,
            "autovacuum is off: tables grow and queries become slow; set it to on",
        ),
        (
            number("shared_buffers").is_some_and(|pages| pages * 8_192 < MIN_SHARED_BUFFERS),
            note,
            "shared_buffers is under 128 MB: most look-ups read from the disk; a quarter of the memory is usual",
        ),
    ]
}

fn judge_settings(settings: &ServerSettings) -> Vec<Finding> {
    let found = check_settings(settings)
        .into_iter()
        .filter(|(applies, _, _)| *applies);
    let mut findings: Vec<Finding> = found
        .map(|(_, level, text)| Finding::new(level, SUBJECT, text))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok(SUBJECT, "its settings are as they should be"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock() -> ServerSettings {
        let settings = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("default_transaction_read_only", "off"),
            ("default_transaction_isolation", "read committed"),
            ("statement_timeout", "0"),
            ("synchronous_commit", "on"),
            ("wal_level", "replica"),
            ("autovacuum", "on"),
            ("shared_buffers", "16384"),
            ("jit", "on"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        settings.into_iter().map(owned).collect()
    }

    #[test]
    fn each_setting_that_hurts_is_named() {
        assert_eq!(judge_settings(&stock())[0].level, FindingLevel::Ok);
        for (name, value, level) in [
            ("fsync", "off", FindingLevel::Problem),
            ("full_page_writes", "off", FindingLevel::Problem),
            ("default_transaction_read_only", "on", FindingLevel::Problem),
            (
                "default_transaction_isolation",
                "serializable",
                FindingLevel::Problem,
            ),
            ("statement_timeout", "500", FindingLevel::Problem),
            ("transaction_timeout", "500", FindingLevel::Problem),
            ("synchronous_commit", "off", FindingLevel::Note),
            ("wal_level", "minimal", FindingLevel::Note),
            ("autovacuum", "off", FindingLevel::Note),
            ("shared_buffers", "16", FindingLevel::Note),
        ] {
            let mut settings = stock();
            settings.insert(name.to_owned(), value.to_owned());
            let findings = judge_settings(&settings);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert!(findings[0].text.starts_with(name), "{findings:?}");
            assert_eq!(findings[0].level, level, "{name}");
        }
    }

    fn server(of_server: i64, of_user: i64, foreign: i64) -> ExaminedServer {
        ExaminedServer {
            version: "18.6".into(),
            version_number: 180_006,
            encoding: "UTF8".into(),
            settings: stock(),
            rights: UserRights {
                creates_schemas: true,
                uses_public: true,
                appends: None,
                reads_control: true,
            },
            sessions: SessionCounts {
                of_server,
                of_database: -1,
                of_user,
                foreign,
            },
            clock_difference: Duration::from_millis(20),
        }
    }

    fn levels(server: &ExaminedServer) -> Vec<FindingLevel> {
        let roles = [RoleSessions {
            role: "up",
            sessions: 30,
        }];
        let judged = server.judge("h:5432", &roles);
        judged.into_iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn versions_rights_sessions_and_clocks_are_judged() {
        let all_ok = |server: &ExaminedServer| {
            let levels = levels(server);
            levels.iter().all(|level| *level == FindingLevel::Ok)
        };
        assert!(all_ok(&server(97, -1, 10)));
        let changes: [fn(&mut ExaminedServer); 8] = [
            |server| server.version_number = 140_022,
            |server| server.encoding = "SQL_ASCII".into(),
            |server| server.rights.creates_schemas = false,
            |server| server.rights.appends = Some(false),
            |server| server.sessions.of_user = 29,
            |server| server.sessions.of_server = 29,
            |server| server.sessions.foreign = 80,
            |server| server.clock_difference = Duration::from_secs(60),
        ];
        for (nth, change) in changes.into_iter().enumerate() {
            let mut server = server(97, -1, 0);
            change(&mut server);
            assert!(levels(&server).contains(&FindingLevel::Problem), "{nth}");
        }
    }
}
