//! Tidings itself: `tidings up` with everything running, the projector included.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::{Connection, PgConnection};
use tests::client::{Bases, Client, http};
use tests::service::{Service, run_tidings, service_env};
use tests::{ports, token};
use tidings::servers::Servers;
use tidings::servers::process::Signal;

use crate::report::{Memory, Report, Visible};
use crate::wire::{Measured, Template};
use crate::{CONVERSATIONS, Times, all, visible};

/// Users; each conversation has two of them.
const USERS: usize = 500;

/// Conversations that are made at a time.
const AT_A_TIME: usize = 32;

/// How long the system is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// How long the projection may take to come up with the log before the run is worthless.
const BEHIND: Duration = Duration::from_secs(60);

/// A running `tidings up`.
pub struct Up {
    /// The process.
    pub service: Service,
    /// Where it is.
    pub address: SocketAddr,
    database_url: String,
    http: reqwest::Client,
}

impl Up {
    /// Starts it on given servers, and waits until it is ready.
    pub async fn start(servers: &Servers, dir: &Path) -> Result<Self> {
        let port = ports::free();
        let env = service_env(&servers.database_url, &servers.nats_url);
        let service = Service::start("up", port, dir, &env)
            .await
            .map_err(anyhow::Error::msg)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            service,
            address,
            database_url: servers.database_url.clone(),
            http: http(),
        })
    }

    /// A user's client.
    pub fn user(&self, name: &str) -> Client {
        let base = format!("http://{}", self.address);
        let bases = Bases {
            commands: base.clone(),
            queries: base,
        };
        Client::as_user(self.http.clone(), Arc::new(bases), name)
    }

    /// The log's head.
    pub async fn head(&self) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.database_url).await?;
        Ok(sqlx::query_scalar("SELECT position FROM log.head")
            .fetch_one(&mut connection)
            .await?)
    }

    /// How long it takes from now until the projection has everything that is in the log now.
    pub async fn lag(&self) -> Result<Duration> {
        let head = self.head().await?;
        let start = Instant::now();
        let user = self.user("u0");
        while user
            .get(&format!("/v1/inbox/unread?min_position={head}"))
            .await
            .status
            != 200
        {
            ensure!(
                start.elapsed() < BEHIND,
                "the projection is more than {BEHIND:?} behind"
            );
        }
        Ok(start.elapsed())
    }
}

/// The two members of a conversation.
pub fn members(conversation: usize) -> [String; 2] {
    [
        conversation % USERS,
        (conversation * 7 + 1 + conversation / USERS) % USERS,
    ]
    .map(|n| format!("u{n}"))
}

/// Everything that is measured of `tidings up`.
pub async fn run(
    servers: &Servers,
    dir: &Path,
    times: Times<'_>,
    report: &mut Report,
) -> Result<()> {
    let mut up = Up::start(servers, dir).await?;
    tokio::time::sleep(IDLE).await;
    let idle = up.service.child.memory()?;
    report.memory = Some(Memory {
        idle: idle.resident,
        busy: 0,
    });
    create(&up).await?;
    eprintln!("tidings, {CONVERSATIONS} conversations");
    report.many = spread(&up, CONVERSATIONS, times, &mut report.lag).await?;
    eprintln!("tidings, one conversation");
    report.hot = spread(&up, 1, times, &mut report.lag).await?;
    report.visible = Some(Visible {
        quiet: visible::quiet(&up).await?,
        busy: visible::busy(&up, &templates(CONVERSATIONS), times).await?,
    });
    report.lag = report.lag.max(up.lag().await?);
    report.memory = Some(Memory {
        idle: idle.resident,
        busy: up.service.child.memory()?.peak,
    });
    let events = up.head().await?;
    up.service
        .child
        .stop(Signal::Terminate, Duration::from_secs(30))
        .context("tidings up does not stop")?;
    let env = service_env(&servers.database_url, &servers.nats_url);
    let start = Instant::now();
    let rebuilt = run_tidings(&["rebuild"], &env).await;
    ensure!(
        rebuilt.status.success(),
        "{}",
        String::from_utf8_lossy(&rebuilt.stderr)
    );
    report.rebuild = Some((events, start.elapsed()));
    Ok(())
}

/// Makes the conversations.
async fn create(up: &Up) -> Result<()> {
    stream::iter(0..CONVERSATIONS)
        .map(|n| async move {
            let [one, other] = members(n);
            let answer = up
                .user(&one)
                .create_group(&format!("c{n}"), &[&other])
                .await;
            ensure!(answer.status == 201, "{answer}");
            Ok(())
        })
        .buffer_unordered(AT_A_TIME)
        .try_collect()
        .await
}

/// Sends of each conversation's first member.
pub fn templates(conversations: usize) -> Arc<Vec<Template>> {
    let template = |n: usize| Template::send(&format!("c{n}"), &token::user(&members(n)[0]));
    Arc::new((0..conversations).map(template).collect())
}

async fn spread(
    up: &Up,
    conversations: usize,
    times: Times<'_>,
    lag: &mut Duration,
) -> Result<Vec<Measured>> {
    let templates = templates(conversations);
    let measured = all(up.address, &templates, times, &up.database_url).await?;
    *lag = (*lag).max(up.lag().await?);
    Ok(measured)
}
