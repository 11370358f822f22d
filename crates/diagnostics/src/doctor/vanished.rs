//! How long Postgres keeps the sessions of a machine that has vanished.

use connectivity::postgres::describe_host;
use connectivity::timeout::{EXCHANGE_TIMEOUT, within};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use super::finding::Finding;
use super::pooler::SUBJECT;

/// The keepalive settings as this session has them, in seconds. The socket's own values are
/// reported, not those that were asked for.
const KEEPALIVE: &str = "SELECT inet_server_addr() IS NOT NULL AS uses_tcp,
            current_setting('tcp_keepalives_idle')::bigint AS idle,
            current_setting('tcp_keepalives_interval')::bigint AS interval,
            current_setting('tcp_keepalives_count')::bigint AS count";

/// The longest time for which a relay or a webhook may wait.
const MAX_SECONDS: i64 = 60;

#[derive(sqlx::FromRow)]
struct KeepaliveSettings {
    uses_tcp: bool,
    idle: i64,
    interval: i64,
    count: i64,
}

/// Says when Postgres ends such a session. `options`: those of the services.
pub(super) async fn examine(options: &PgConnectOptions) -> Finding {
    let loaded = within(EXCHANGE_TIMEOUT, async {
        let mut connection = options.connect().await?;
        sqlx::query_as(KEEPALIVE).fetch_one(&mut connection).await
    });
    match loaded.await {
        Ok(settings) => judge(&settings),
        Err(error) => Finding::problem(
            SUBJECT,
            format!("{} cannot be examined: {error}", describe_host(options)),
        ),
    }
}

fn judge(settings: &KeepaliveSettings) -> Finding {
    let seconds = settings.idle + settings.interval * settings.count;
    if !settings.uses_tcp {
        return Finding::ok(
            SUBJECT,
            "is on this machine, and notices when a process ends",
        );
    }
    if settings.idle == 0 || seconds > MAX_SECONDS {
        return Finding::note(
            SUBJECT,
            "the locks of a machine that vanishes are kept until the operating system gives up its \
             connections, which can take hours: a pooler drops the options of a session. Set \
             tcp_keepalives_idle = 10, tcp_keepalives_interval = 5, tcp_keepalives_count = 3 in \
             Postgres, and the same in the pooler",
        );
    }
    Finding::ok(
        SUBJECT,
        format!("the locks of a machine that vanishes are released after {seconds} s"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::FindingLevel;
    use super::*;

    #[test]
    fn sessions_that_outlive_their_machine_for_long_are_named() {
        for (uses_tcp, idle, level) in [
            (true, 10, FindingLevel::Ok),
            (true, 7_200, FindingLevel::Note),
            (true, 0, FindingLevel::Note),
            (false, 0, FindingLevel::Ok),
        ] {
            let settings = KeepaliveSettings {
                uses_tcp,
                idle,
                interval: 5,
                count: 3,
            };
            assert_eq!(judge(&settings).level, level, "{uses_tcp} {idle}");
        }
    }
}
