//! Test support: a separate database and event log for each test, and users who call the routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use access::SharedAccess;
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use command_svc::scheduled::ScheduledSender;
use command_svc::{Clock, CommandState};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{EventLog, LogConfig};
use http::{HeaderMap, Method, Request};
use http_edge::{Auth, EdgeConfig, RateLimiter, apply_middleware};
use moderation::LiveRulebook;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tower::ServiceExt;

const SECRET: &[u8] = b"a secret that only these tests use";

/// 2026-01-01T00:00:00Z, the initial time of the test clocks, in milliseconds.
const START_MILLIS: i64 = 1_767_225_600_000;

/// A test database. Dropping this value drops the database.
pub struct CommandTestDatabase {
    server: PgConnectOptions,
    name: String,
    pub pool: PgPool,
}

impl CommandTestDatabase {
    pub async fn new() -> Result<Self> {
        let url = std::env::var("TIDINGS_TEST_DATABASE_URL")
            .or_else(|_| std::env::var("DEV_DATABASE_URL"))
            .context("set TIDINGS_TEST_DATABASE_URL to the Postgres server to test with")?;
        let server: PgConnectOptions = url.parse()?;
        let name = format!("command_{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&server).await?;
        // The name is safe to interpolate: it is a fixed prefix and hexadecimal digits.
        sqlx::raw_sql(&format!("CREATE DATABASE {name}"))
            .execute(&mut connection)
            .await?;
        let options = server.clone().database(&name);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .connect_with(options)
            .await?;
        migrations::apply(&pool).await?;
        Ok(Self { server, name, pool })
    }
}

impl Drop for CommandTestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await?;
                let statement = format!("DROP DATABASE {name} WITH (FORCE)");
                sqlx::raw_sql(&statement).execute(&mut connection).await?;
                Ok(())
            })
        });
        // Ignore errors: a test that failed must not fail again because of the cleanup.
        let _ = dropping.join();
    }
}

/// One process of the command service, with a clock that tests control.
pub struct CommandTestService {
    pub log: EventLog,
    pub database: Arc<CommandTestDatabase>,
    pub state: CommandState,
    router: Router,
    now: Arc<AtomicI64>,
}

impl CommandTestService {
    pub async fn new() -> Result<Self> {
        Self::with_limits(Limits::default()).await
    }

    pub async fn with_limits(limits: Limits) -> Result<Self> {
        Self::open(
            Arc::new(CommandTestDatabase::new().await?),
            limits,
            RateLimiter::unlimited(),
        )
        .await
    }

    /// A service with this rate limit, in commands per second and user.
    pub async fn with_rate(rate: u32) -> Result<Self> {
        let limiter = RateLimiter::per_second(rate);
        Self::open(
            Arc::new(CommandTestDatabase::new().await?),
            Limits::default(),
            limiter,
        )
        .await
    }

    /// Starts another process on the same database.
    pub async fn replica(&self) -> Result<Self> {
        Self::open(
            self.database.clone(),
            Limits::default(),
            RateLimiter::unlimited(),
        )
        .await
    }

    async fn open(
        database: Arc<CommandTestDatabase>,
        limits: Limits,
        limiter: RateLimiter,
    ) -> Result<Self> {
        let config = LogConfig {
            allow_fsync_off: true,
            ..LogConfig::default()
        };
        let log = EventLog::open(database.pool.clone(), config).await?;
        let now = Arc::new(AtomicI64::new(START_MILLIS));
        let clock = now.clone();
        let clock = Clock::new(move || Timestamp::from_millis(clock.load(Ordering::Relaxed)));
        let state = CommandState::new(
            log.clone(),
            Arc::new(limits),
            clock,
            LiveRulebook::default(),
            SharedAccess::default(),
        );
        state.set_profile_sight(Box::new(|_, user, _| {
            Box::pin(async move { Ok(user.as_str() != "stranger") })
        }));
        let (router, _) = command_svc::router(state.clone()).split_for_parts();
        let auth = Auth::hs256(SECRET)?;
        let router = apply_middleware(router, auth, &EdgeConfig::default(), limiter);
        Ok(Self {
            log,
            database,
            state,
            router,
            now,
        })
    }

    /// The task of this process that sends scheduled messages.
    pub fn scheduled_sender(&self) -> ScheduledSender {
        ScheduledSender::new(self.state.clone(), SharedAccess::default())
    }

    /// Returns once the log has an event of this type.
    pub async fn wait_for_event(&self, event_type: &str) {
        loop {
            let events = self.event_payloads(event_type).await;
            if events.is_ok_and(|events| !events.is_empty()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Advances the clock.
    pub fn advance_clock(&self, time: Duration) {
        self.now
            .fetch_add(time.as_millis() as i64, Ordering::Relaxed);
    }

    pub fn user(&self, name: &str) -> ApiUser {
        self.user_with_scope(name, "")
    }

    pub fn admin(&self) -> ApiUser {
        self.user_with_scope("root", "admin")
    }

    pub fn user_with_scope(&self, name: &str, scope: &str) -> ApiUser {
        let hour = Duration::from_secs(3_600);
        let token = http_edge::auth::sign_hs256(SECRET, name, scope, hour).unwrap_or_default();
        ApiUser {
            router: self.router.clone(),
            token,
            key: None,
        }
    }

    /// Counts the events in the log.
    pub async fn count_events(&self) -> Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM log.events");
        Ok(count.fetch_one(&self.database.pool).await?)
    }

    /// The payloads of all events of a type, in log order.
    pub async fn event_payloads(&self, event_type: &str) -> Result<Vec<Value>> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT payload FROM log.events WHERE event_type = $1 ORDER BY position",
        )
        .bind(event_type)
        .fetch_all(&self.database.pool)
        .await?;
        rows.iter()
            .map(|row| Ok(serde_json::from_slice(row)?))
            .collect()
    }

    /// Who made the calls that caused the events of a type, in log order.
    pub async fn actors(&self, event_type: &str) -> Result<Vec<Option<String>>> {
        let actors = sqlx::query_scalar(
            "SELECT actor FROM log.events WHERE event_type = $1 ORDER BY position",
        );
        let actors = actors.bind(event_type).fetch_all(&self.database.pool);
        Ok(actors.await?)
    }

    /// Creates a group with the owner ann and the member bob, and returns both users.
    pub async fn create_group(&self, id: &str) -> Result<(ApiUser, ApiUser)> {
        let (ann, bob) = (self.user("ann"), self.user("bob"));
        let group = serde_json::json!({"kind": "group", "members": ["bob"], "id": id});
        ann.post("/v1/conversations", group)
            .await?
            .expect_status(201)?;
        Ok((ann, bob))
    }
}

/// A user with a token, who calls the routes.
#[derive(Clone)]
pub struct ApiUser {
    router: Router,
    token: String,
    key: Option<String>,
}

impl ApiUser {
    /// The same user, with this `Idempotency-Key` on every request.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<ApiReply> {
        self.call(
            Method::POST,
            path,
            "application/json",
            body.to_string().into(),
        )
        .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Result<ApiReply> {
        self.call(
            Method::PATCH,
            path,
            "application/json",
            body.to_string().into(),
        )
        .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Result<ApiReply> {
        self.call(
            Method::PUT,
            path,
            "application/json",
            body.to_string().into(),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Result<ApiReply> {
        self.call(Method::DELETE, path, "", Vec::new()).await
    }

    /// Sends a text message.
    pub async fn send(&self, conversation: &str, key: &str, text: &str) -> Result<ApiReply> {
        let path = format!("/v1/conversations/{conversation}/messages");
        let body = serde_json::json!({"text": text});
        let message = serde_json::json!({"client_message_id": key, "type": "text", "body": body});
        self.post(&path, message).await
    }

    /// Posts NDJSON lines and parses the NDJSON response.
    pub async fn post_lines(&self, path: &str, lines: &[Value]) -> Result<(ApiReply, Vec<Value>)> {
        let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join(
            "
",
        );
        let reply = self
            .call(Method::POST, path, "application/x-ndjson", body.into())
            .await?;
        let results = reply
            .text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        Ok((reply, results))
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<ApiReply> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "tidings.test")
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body))?)
            .await?;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 * 1024 * 1024).await?;
        let text = String::from_utf8(bytes.to_vec())?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(ApiReply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
            json,
        })
    }
}

/// A response to a request.
#[derive(Debug, Clone)]
pub struct ApiReply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl ApiReply {
    /// Checks the status. A success must have its position in body and header; an error must be a
    /// problem document.
    pub fn expect_status(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "expected {status}: {} {}",
            self.status,
            self.text
        );
        if status < 300 {
            let position = self.json["position"]
                .as_i64()
                .context("a response has a position")?;
            ensure!(
                self.headers["tidings-position"] == position.to_string(),
                "{}",
                self.text
            );
        } else {
            ensure!(
                self.headers["content-type"] == "application/problem+json",
                "{}",
                self.text
            );
            ensure!(self.json["status"] == status, "{}", self.text);
        }
        Ok(self)
    }

    /// Checks that it is a problem with this status and code.
    pub fn expect_problem(self, status: u16, code: &str) -> Result<Self> {
        let reply = self.expect_status(status)?;
        ensure!(
            reply.json["code"] == code,
            "expected {code}: {}",
            reply.text
        );
        Ok(reply)
    }

    /// Checks that it is a 422 for this field.
    pub fn expect_invalid(self, field: &str) -> Result<Self> {
        let reply = self.expect_problem(422, "invalid")?;
        ensure!(
            reply.json["errors"][0]["field"] == field,
            "expected {field}: {}",
            reply.text
        );
        Ok(reply)
    }

    /// Checks that it is a replay of the first response.
    pub fn expect_replay_of(self, first: &Self) -> Result<Self> {
        let reply = self.expect_status(200)?;
        ensure!(reply.is_replay(), "not a replay: {}", reply.text);
        ensure!(
            reply.json == first.json,
            "got {}, expected {}",
            reply.text,
            first.text
        );
        Ok(reply)
    }

    pub fn is_replay(&self) -> bool {
        self.headers
            .get("idempotent-replay")
            .is_some_and(|value| value == "true")
    }

    pub fn position(&self) -> i64 {
        self.json["position"].as_i64().unwrap_or_default()
    }

    pub fn seq(&self) -> i64 {
        self.json["seq"].as_i64().unwrap_or_default()
    }
}
