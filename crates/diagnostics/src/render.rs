//! Renders the status as text.

use std::fmt::Write as _;

use data_dir::inflect;
use dispatcher::webhook::WebhookStatus;
use indicatif::{HumanBytes, HumanCount};
use log_integrity::erasure::retention::RetentionProgress;

use crate::lag::ModerationLag;
use crate::status::{
    DatabaseStatus, MirrorStatus, ProcessStatus, SealStatus, SearchIndexStatus, SessionStatus,
    StatusError, SystemStatus,
};

/// How to reach the servers of a running system. Their addresses above have no passwords.
const ACCESS: &str =
    "access      SQL with `tidings psql`, other programs with `tidings servers env`\n";

/// Renders the status as text, one aspect per line.
pub fn render_status(status: &SystemStatus) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = render_header(&mut text, status);
    if let Some(database) = &status.database {
        let _ = render_database(&mut text, database);
    }
    if let Some(nats) = &status.nats {
        let _ = writeln!(text, "nats        {}", nats.url);
    }
    if status.process.is_some() {
        text.push_str(ACCESS);
    }
    if let Some(mirror) = &status.mirror {
        let _ = render_mirror(&mut text, mirror);
    }
    text
}

fn render_header(text: &mut String, status: &SystemStatus) -> std::fmt::Result {
    match &status.process {
        Some(ProcessStatus {
            pid,
            address,
            started_at,
            servers,
        }) => {
            writeln!(
                text,
                "{:<11} {address} (process {pid}, since {started_at})",
                status.state
            )?;
            if !servers.is_empty() {
                writeln!(text, "servers     {}", servers.join(", "))?;
            }
        }
        None => writeln!(text, "{}", status.state)?,
    }
    write!(
        text,
        "data        {} ({}",
        status.data.display(),
        HumanBytes(status.data_bytes)
    )?;
    match &status.disk {
        Some(disk) => writeln!(text, ", {} free)", HumanBytes(disk.free_bytes))?,
        None => writeln!(text, ")")?,
    }
    if let (None, Some(major)) = (&status.database, status.postgres_major) {
        writeln!(text, "            created by Postgres {major}")?;
    }
    Ok(())
}

fn render_database(text: &mut String, database: &DatabaseStatus) -> std::fmt::Result {
    let DatabaseStatus {
        url,
        version,
        head_time,
        projection,
        ..
    } = database;
    writeln!(text, "database    Postgres {version} at {url}")?;
    let head = human_count(projection.head);
    match projection.head {
        0 => writeln!(text, "log         no event yet")?,
        _ => writeln!(
            text,
            "log         position {head}, last event at {head_time}"
        )?,
    }
    writeln!(
        text,
        "projection  position {}, {}",
        human_count(projection.position),
        match projection.events {
            0 => describe_lag(0),
            events => format!("{}, {:.1} s", describe_lag(events), projection.seconds),
        },
    )?;
    render_search(text, &database.search)?;
    render_seal(text, database.seal.as_ref())?;
    render_sessions(text, &database.sessions)?;
    writeln!(
        text,
        "parked      {}",
        counted(database.parked_events, "event")
    )?;
    render_erasure(text, database)?;
    render_moderation(text, &database.moderation)?;
    for webhook in &database.webhooks {
        render_webhook(text, webhook)?;
    }
    writeln!(
        text,
        "sizes       database {}, log {}, read models {}",
        human_bytes(database.sizes.database),
        human_bytes(database.sizes.log),
        human_bytes(database.sizes.read),
    )?;
    render_load(text, database)
}

/// Renders what is slow or busy at the moment.
fn render_load(text: &mut String, database: &DatabaseStatus) -> std::fmt::Result {
    writeln!(
        text,
        "wal         {} written, {} kept for replication",
        human_bytes(database.wal.written_bytes),
        human_bytes(database.wal.retained_bytes),
    )?;
    let sends = &database.recent_sends;
    if let Some(busiest) = sends.busiest.first() {
        let messages = human_count(busiest.messages);
        let all = counted(sends.messages, "message");
        let events = counted(sends.events, "event");
        let id = &busiest.conversation_id;
        writeln!(
            text,
            "busiest     {id}: {messages} of {all} in the last {events}"
        )?;
    }
    for slow in &database.slow_statements {
        let waits_for = slow.waits_for.as_deref().unwrap_or("nothing");
        let statement: Vec<&str> = slow.statement.split_whitespace().collect();
        writeln!(
            text,
            "slow        {:.1} s in {}, waits for {waits_for}: {}",
            slow.seconds,
            slow.application,
            statement.join(" ")
        )?;
    }
    Ok(())
}

fn render_search(text: &mut String, search: &SearchIndexStatus) -> std::fmt::Result {
    match search {
        SearchIndexStatus::Available(index) => writeln!(
            text,
            "search      position {}, {}, {} {}, {}",
            HumanCount(index.position),
            describe_lag(index.lag_events),
            HumanCount(index.messages),
            inflect("message", &index.messages),
            HumanBytes(index.bytes),
        ),
        SearchIndexStatus::Unavailable(StatusError { error }) => {
            writeln!(text, "search      unavailable: {error}")
        }
    }
}

/// Renders what has been removed: erased content, expired messages and old sync entries.
fn render_erasure(text: &mut String, database: &DatabaseStatus) -> std::fmt::Result {
    let erasure = &database.erasure;
    if erasure.requested_to > 0 {
        writeln!(
            text,
            "erased      {}, removed from the log up to position {} of {}, from files up to {}, {} remaining \
             in the stream",
            counted(erasure.events, "event"),
            human_count(erasure.position),
            human_count(erasure.requested_to),
            human_count(erasure.files_scrubbed_to),
            counted(erasure.not_mirrored, "copy"),
        )?;
    }
    // Without an age, retention never begins.
    let kinds: Vec<String> = database
        .retention
        .iter()
        .filter(|progress| progress.position > 0)
        .map(|RetentionProgress { kind, position }| {
            format!("{kind} messages up to position {}", human_count(*position))
        })
        .collect();
    match kinds.as_slice() {
        [] => write!(text, "retention   off")?,
        kinds => write!(text, "retention   {}", kinds.join(", "))?,
    }
    match database.sync_floor {
        0 => writeln!(text, ", all sync entries kept"),
        floor => writeln!(text, ", sync entries removed up to {}", human_count(floor)),
    }
}

fn render_moderation(text: &mut String, lag: &ModerationLag) -> std::fmt::Result {
    write!(text, "moderation  position {}, ", human_count(lag.position))?;
    match lag.events {
        0 => writeln!(text, "up to date"),
        events => {
            let events = counted(events, "event");
            writeln!(text, "behind by {events}, {:.1} s", lag.seconds)
        }
    }
}

fn render_seal(text: &mut String, seal: Option<&SealStatus>) -> std::fmt::Result {
    match seal {
        None => writeln!(text, "seals       none yet"),
        Some(seal) => writeln!(
            text,
            "seals       up to position {} at {}, oldest unsealed event {:.0} s old, key {}",
            human_count(seal.position),
            seal.at,
            seal.lag_seconds,
            seal.public_key,
        ),
    }
}

fn render_sessions(text: &mut String, sessions: &SessionStatus) -> std::fmt::Result {
    let names = sessions.by_name.iter();
    let names: Vec<String> = names
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    writeln!(
        text,
        "sessions    {} of {} with Postgres: {}",
        sessions.open,
        sessions.max,
        names.join(", ")
    )
}

fn render_webhook(text: &mut String, webhook: &WebhookStatus) -> std::fmt::Result {
    writeln!(
        text,
        "webhook {:<3} {}, {}, {} waiting, {} parked: {}",
        webhook.id,
        webhook.state,
        describe_lag(webhook.head - webhook.position),
        human_count(webhook.waiting),
        human_count(webhook.parked),
        webhook.url,
    )
}

fn render_mirror(text: &mut String, mirror: &MirrorStatus) -> std::fmt::Result {
    match mirror {
        MirrorStatus::Available(mirror) => writeln!(
            text,
            "mirror      position {} (from {}), {}, nats-server {}",
            human_count(mirror.position),
            human_count(mirror.first),
            describe_lag(mirror.lag_events),
            mirror.version,
        ),
        MirrorStatus::Unavailable(StatusError { error }) => {
            writeln!(text, "mirror      unavailable: {error}")
        }
    }
}

/// How far something is behind the log.
fn describe_lag(events: i64) -> String {
    match events {
        0 => "up to date".to_owned(),
        events => format!("behind by {}", counted(events, "event")),
    }
}

/// A number with its noun.
fn counted(number: i64, noun: &str) -> String {
    format!("{} {}", human_count(number), inflect(noun, &number))
}

fn human_count(number: i64) -> HumanCount {
    HumanCount(number.unsigned_abs())
}

fn human_bytes(number: i64) -> HumanBytes {
    HumanBytes(number.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example_status::{example_database, example_status};

    #[test]
    fn a_stopped_system_is_shown_as_stopped() {
        let status = SystemStatus {
            state: "stopped",
            data: "/d".into(),
            data_bytes: 2048,
            disk: None,
            process: None,
            postgres_major: Some(15),
            database: None,
            nats: None,
            mirror: None,
        };
        assert_eq!(
            render_status(&status),
            "stopped\ndata        /d (2.00 KiB)\n            created by Postgres 15\n"
        );
    }

    #[test]
    fn a_starting_system_is_shown_with_where_its_servers_are() {
        let status = SystemStatus {
            state: "starting",
            ..example_status()
        };
        let shown = render_status(&status);
        assert!(
            shown.starts_with("starting    http://127.0.0.1:8080 (process 7, since 1970"),
            "{shown}"
        );
        assert!(shown.contains("`tidings psql`"), "{shown}");
        assert!(shown.contains("`tidings servers env`"), "{shown}");
    }

    #[test]
    fn what_is_not_behind_is_up_to_date() {
        let mut database = example_database();
        database.projection.events = 0;
        let mut shown = String::new();
        render_database(&mut shown, &database).expect("writing to a String cannot fail");
        assert!(
            shown.contains("projection  position 1,234,000, up to date\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_new_log_has_no_last_event() {
        let mut database = example_database();
        database.projection.head = 0;
        let mut shown = String::new();
        render_database(&mut shown, &database).expect("writing to a String cannot fail");
        assert!(shown.contains("log         no event yet\n"), "{shown}");
    }

    #[test]
    fn retention_that_is_not_set_is_off() {
        let mut database = example_database();
        for progress in &mut database.retention {
            progress.position = 0;
        }
        database.sync_floor = 7;
        let mut shown = String::new();
        render_erasure(&mut shown, &database).expect("writing to a String cannot fail");
        assert!(
            shown.ends_with("retention   off, sync entries removed up to 7\n"),
            "{shown}"
        );
    }

    #[test]
    fn lag_is_shown_in_events_and_seconds() {
        let database = example_database();
        let mut shown = String::new();
        render_database(&mut shown, &database).expect("writing to a String cannot fail");
        for line in [
            "position 1,234,000, behind by 567 events, 2.2 s",
            "search      position 1,233,990, behind by 10 events, 1,000,000 messages",
            "parked      3 events",
            "erased      45 events, removed from the log up to position 1,100 of 1,200",
            "seals       up to position 1,234,560 at 1970",
            "oldest unsealed event 12 s old, key 9b21f8",
            "sessions    14 of 120 with Postgres: 8 commands, 5 queries",
            "retention   direct messages up to position 9,000, all sync entries kept",
            "moderation  position 1,234,560, behind by 7 events, 0.5 s",
            "wal         3.00 MiB written, 0 B kept for replication",
            "busiest     town-hall: 8,100 of 9,000 messages in the last 10,000 events",
            "slow        4.2 s in tidings queries, waits for Lock: tuple: SELECT 1",
        ] {
            assert!(shown.contains(line), "{line} is missing in {shown}");
        }
        render_mirror(
            &mut shown,
            &MirrorStatus::Unavailable(StatusError {
                error: "refused".into(),
            }),
        )
        .expect("writing to a String cannot fail");
        assert!(
            shown.contains("mirror      unavailable: refused"),
            "{shown}"
        );
    }
}
