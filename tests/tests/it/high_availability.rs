//! docs/high-availability.md: what Tidings does while the Postgres that accepts writes moves, waits
//! for its standby, is replaced or cannot write. The failovers under load are in `failover`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use embedded_servers::process::Signal;
use eventually::eventually;
use serde_json::Value;
use sqlx::{Executor as _, PgConnection, PgPool};
use tests::client::{BaseUrls, Client, http_client};
use tests::database::replace_database_name;
use tests::pair_world::{PairWorld, send_to_room};
use tests::pooler::TransactionPooler;
use tests::ports;
use tests::replication::{ConnectionLoss, PostgresPair, ReplicationMode};
use tests::servers::{NatsInstance, shared_postgres};
use tests::service::{ServiceProcess, migrate, run_tidings, service_env};
use tests::world::{Settings, World, create_dir};
use tokio::task::JoinSet;

/// The longest time from a new primary to the next accepted send. The promise is 5 s; a busy
/// machine may add something.
const MAX_RECOVERY: Duration = Duration::from_secs(10);

/// How long a process may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// How the wait for a synchronous standby ends without the standby.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WaitEnd {
    Terminated,
    Cancelled,
    Crashed,
    Cut,
}

impl WaitEnd {
    pub(crate) async fn apply(self, pair: &mut PostgresPair, waiting: i32) {
        let run = async |pair: &PostgresPair, statement: &str| {
            let mut admin = pair.connect("postgres").await;
            let done = sqlx::query(statement).bind(waiting);
            done.execute(&mut admin).await.expect(statement);
        };
        match self {
            Self::Terminated => run(pair, "SELECT pg_terminate_backend($1)").await,
            Self::Cancelled => run(pair, "SELECT pg_cancel_backend($1)").await,
            Self::Crashed => pair.crash_primary().await,
            Self::Cut => pair.cut_clients(),
        }
    }
}

/// The process of the session that waits for the standby with an append.
pub(crate) async fn find_waiting(admin: &mut PgConnection) -> Option<i32> {
    sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity
          WHERE wait_event = 'SyncRep' AND application_name = 'tidings committer'",
    )
    .fetch_optional(admin)
    .await
    .expect("the activity")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_end_of_the_wait_for_a_standby_acknowledges_what_it_lacks() {
    let mut world = PairWorld::start(ReplicationMode::Synchronous, PostgresPair::url).await;
    for end in [
        WaitEnd::Terminated,
        WaitEnd::Cancelled,
        WaitEnd::Crashed,
        WaitEnd::Cut,
    ] {
        // Given a send that waits for the standby
        let key = format!("{end:?}");
        world.send_until_accepted(&format!("before {key}")).await;
        world.pair.cut_replication();
        let (ann, text) = (world.user("ann"), key.clone());
        let sending = tokio::spawn(async move { send_to_room(&ann, &text).await });
        let mut admin = world.pair.connect("postgres").await;
        let admin_session = tokio::sync::Mutex::new(&mut admin);
        let waiting = eventually("the send waits", async || {
            find_waiting(*admin_session.lock().await).await
        })
        .await;
        // when the wait ends without it,
        end.apply(&mut world.pair, waiting).await;
        // then the send is not acknowledged,
        let (status, _) = sending.await.expect("an answer");
        assert_eq!(status, 503, "{end:?}");
        // and not ready is what sends find.
        assert_eq!(world.send("another").await.0, 503, "{end:?}");
        assert_eq!(world.readiness().await, 503, "{end:?}");
        // After the failover to the standby, which lacks it, the same send is accepted once.
        world.pair.fail_over(ConnectionLoss::Closed).await;
        world.send_until_accepted(&key).await;
        world.send_until_accepted(&key).await;
        let mut database = world.pair.connect("tidings").await;
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM events WHERE payload->'body'->>'text' = $1")
                .bind(&key)
                .fetch_one(&mut database)
                .await
                .expect("a count");
        assert_eq!(count, 1, "{end:?}");
        world.wait_until_ready().await;
        world.pair.add_standbys().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_several_hosts_follows_the_primary() {
    let mut world =
        PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url_of_both).await;
    assert_eq!(world.send("before").await.0, 201);
    world.pair.fail_over(ConnectionLoss::Closed).await;
    let promoted = Instant::now();
    world.send_until_accepted("after").await;
    assert!(
        promoted.elapsed() < MAX_RECOVERY,
        "{:?}",
        promoted.elapsed()
    );
    // Every pool has moved: queries answer, and the projector and live delivery continue.
    world.wait_until_ready().await;
    let bob = world.user("bob");
    eventually("the history is served", async || {
        let path = "/v1/conversations/room/messages?after=0&min_position=3";
        (bob.get(path).await.status == 200).then_some(())
    })
    .await;
    // Commands find the primary too.
    let status = run_tidings(&["status", "--json"], &world.env).await;
    assert!(status.status.success(), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_finds_a_standby_waits_and_says_so_once() {
    let mut world =
        PairWorld::spawn(ReplicationMode::Asynchronous, PostgresPair::standby_url).await;
    eventually("it says why it waits", async || {
        (world.count_lines("hot standby") == 1).then_some(())
    })
    .await;
    assert_eq!(world.readiness().await, 503);
    world.pair.fail_over(ConnectionLoss::Closed).await;
    world.wait_until_ready().await;
    assert!(world.service.process.is_running());
    assert_eq!(world.count_lines("hot standby"), 1);
    assert_eq!(world.count_lines("Connecting to Postgres works again"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_was_replaced_and_comes_back_is_refused() {
    let mut world = PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url).await;
    world.send_until_accepted("before").await;
    // Given a promoted standby, while the old primary continues to run,
    world.pair.split_brain().await;
    world.send_until_accepted("on the new one").await;
    // when clients are led back to the old one,
    world.pair.lead_clients_to_replaced(true);
    // then it gets nothing, and the process is not ready
    for key in ["first", "second"] {
        assert_eq!(world.send(key).await.0, 503);
    }
    assert_eq!(world.readiness().await, 503);
    eventually("the log says why", async || {
        // Each attempt may be the one that is logged.
        world.readiness().await;
        (world.count_lines("was replaced by a promoted standby") > 0).then_some(())
    })
    .await;
    // until they are led to the new one again.
    world.pair.lead_clients_to_replaced(false);
    for key in ["first", "second", "on the new one"] {
        world.send_until_accepted(key).await;
    }
    world.wait_until_ready().await;
    let mut database = world.pair.connect("tidings").await;
    let sends: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = 'message_sent'")
            .fetch_one(&mut database)
            .await
            .expect("a count");
    assert_eq!(sends, 4);
}

/// What a full disk does to each append.
const FULL_DISK: &str = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON log.events EXECUTE FUNCTION refuse();";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_has_two_lines_in_the_log_and_is_never_ready() {
    let mut world = World::start_with(Settings::default().with("TIDINGS_LOG", "info")).await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let readyz = format!("http://{}/readyz", world.address());
    let http = http_client();
    let readiness = async || {
        http.get(&readyz)
            .send()
            .await
            .map_or(0, |r| r.status().as_u16())
    };
    world.pool.execute(FULL_DISK).await.expect("a trigger");
    assert_eq!(send_to_room(&ann, "first").await.0, 503);
    eventually("it is not ready", async || {
        (readiness().await == 503).then_some(())
    })
    .await;
    for n in 0..200 {
        assert_eq!(send_to_room(&ann, &format!("full {n}")).await.0, 503);
        if n % 10 == 0 {
            assert_eq!(readiness().await, 503, "after {n} sends");
        }
    }
    // It finds out by itself that appends succeed again.
    let heal = "DROP TRIGGER full_disk ON log.events";
    world.pool.execute(heal).await.expect("no trigger");
    eventually("it is ready", async || {
        (readiness().await == 200).then_some(())
    })
    .await;
    assert_eq!(send_to_room(&ann, "after").await.0, 201);
    let log = world.service().process.log_tail();
    let lines = log
        .lines()
        .filter(|line| line.contains("Appending to the log"));
    assert_eq!(lines.count(), 2, "{log}");
    assert!(!log.contains("request failed"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_server_gives_up_and_names_it() {
    let closed = ports::find_free();
    let url = format!("postgres://ann:s3cret@127.0.0.1:{closed}/tidings");
    let env = service_env(&url, "nats://127.0.0.1:1");
    let began = Instant::now();
    let commands: [&[&str]; 3] = [&["status"], &["log", "stats"], &["migrate"]];
    let running = commands.map(|arguments| run_tidings(arguments, &env));
    for output in futures::future::join_all(running).await {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(&format!("127.0.0.1:{closed}")), "{error}");
        assert!(error.contains("refused"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let took = began.elapsed();
    assert!((25..60).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_pools_by_transaction_is_refused_by_name() {
    let mut world = PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url).await;
    let pooler = TransactionPooler::start(world.pair.primary_port()).await;
    let url = format!("postgres://tidings@127.0.0.1:{}/tidings", pooler.port);
    world.env.push(("DATABASE_URL", url));
    // A service ends,
    let dir = create_dir();
    let started = ServiceProcess::start("command-svc", ports::find_free(), &dir, &world.env).await;
    let Err(said) = started else {
        panic!("it uses a pooler that pools by transaction");
    };
    assert!(said.contains("pools by transaction"), "{said}");
    // a command too, and doctor says what to change.
    for arguments in [&["status"][..], &["doctor"]] {
        let output = run_tidings(arguments, &world.env).await;
        assert_eq!(output.status.code(), Some(1));
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("pools by transaction"), "{said}");
        assert!(said.contains("pool_mode = session"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_a_setting_that_hurts() {
    let world = PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url).await;
    let output = run_tidings(&["doctor", "--json"], &world.env).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_str(&said).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    for subject in ["postgres", "nats", "disk"] {
        assert!(findings.iter().any(|f| f["subject"] == subject), "{said}");
    }
    assert!(said.contains("no pooler"), "{said}");
    assert!(said.contains("vanishes are released after 25 s"), "{said}");
    assert!(said.contains("the user has the rights"), "{said}");
    let mut admin = world.pair.connect("postgres").await;
    for setting in [
        "fsync = off",
        "default_transaction_isolation = serializable",
    ] {
        let set = format!("ALTER SYSTEM SET {setting}");
        admin.execute(set.as_str()).await.expect("a setting");
    }
    admin
        .execute("SELECT pg_reload_conf()")
        .await
        .expect("reloaded");
    let said = eventually("the setting is found", async || {
        let output = run_tidings(&["doctor"], &world.env).await;
        (output.status.code() == Some(1))
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    })
    .await;
    assert!(said.contains("PROBLEM  postgres  fsync is off"), "{said}");
    assert!(said.contains("default_transaction_isolation"), "{said}");
}

/// The number of sessions of a role, as docs/operations.md has it.
fn documented_sessions(role: &str) -> u32 {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let text = std::fs::read_to_string(path).expect("a document");
    let begin = format!("| `{role}` | ");
    let row = text.lines().find_map(|line| line.strip_prefix(&begin));
    let number = row.and_then(|row| row.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("{begin} is not in {path}"))
}

/// The roles of a fleet, and a user of Postgres for each, with as many sessions as documented.
struct LeanDatabase {
    admin: PgPool,
    name: String,
}

impl LeanDatabase {
    const ROLES: [&str; 4] = ["command-svc", "query-api", "projector", "dispatcher"];

    async fn create() -> Self {
        let shared = &shared_postgres().database_url;
        let lean = Self {
            admin: PgPool::connect(shared).await.expect("the shared server"),
            name: format!("lean_{}", ports::find_free()),
        };
        let owner = lean.user(Self::ROLES[0]);
        for role in Self::ROLES {
            let (user, limit) = (lean.user(role), documented_sessions(role));
            let create = format!("CREATE ROLE {user} LOGIN CONNECTION LIMIT {limit}");
            lean.run(&create).await;
        }
        let create = format!("CREATE DATABASE {} OWNER {owner}", lean.name);
        lean.run(&create).await;
        for role in &Self::ROLES[1..] {
            let grant = format!("GRANT {owner} TO {}", lean.user(role));
            lean.run(&grant).await;
        }
        lean
    }

    async fn run(&self, statement: &str) {
        let done = self.admin.execute(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    fn user(&self, role: &str) -> String {
        format!("{}_{}", self.name, role.replace('-', "_"))
    }

    fn url(&self, role: &str) -> String {
        let url = replace_database_name(&shared_postgres().database_url, &self.name);
        url.replacen("//tidings@", &format!("//{}@", self.user(role)), 1)
    }

    /// Starts a process of each role.
    async fn start_services(&self, nats: &str) -> Vec<ServiceProcess> {
        let dir = create_dir();
        let mut services = Vec::new();
        for role in Self::ROLES {
            let mut env = service_env(&self.url(role), nats);
            let index = dir.join("search").display().to_string();
            env.push(("TIDINGS_SEARCH_DIR", index));
            if services.is_empty() {
                migrate(&env).await;
            }
            let home = dir.join(role);
            std::fs::create_dir_all(&home).expect("a directory");
            let started = ServiceProcess::start(role, ports::find_free(), &home, &env).await;
            services.push(started.unwrap_or_else(|output| panic!("{role}: {output}")));
        }
        services
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_works_with_the_documented_number_of_sessions() {
    // Given a process of each role, with a user who has no more sessions than documented
    let lean = LeanDatabase::create().await;
    let nats = NatsInstance::start(&create_dir());
    let services = lean.start_services(&nats.url).await;
    let base = |place: usize| format!("http://127.0.0.1:{}", services[place].port);
    let bases = Arc::new(BaseUrls {
        commands: base(0),
        queries: base(1),
    });
    let http = http_client();
    let user = |name: &str| Client::for_user(http.clone(), bases.clone(), name);
    user("ann").create_group("room", &["bob"]).await.expect(201);
    let path = "/v1/conversations/room/messages?limit=50";
    eventually("bob can read", async || {
        (user("bob").get(path).await.status == 200).then_some(())
    })
    .await;
    // when many users send and read at the same time,
    let mut load = JoinSet::new();
    for number in 0..48 {
        let (ann, bob) = (user("ann"), user("bob"));
        load.spawn(async move {
            for n in 0..5 {
                let (status, _) = send_to_room(&ann, &format!("{number}/{n}")).await;
                assert_eq!(status, 201);
                assert_eq!(bob.get(path).await.status, 200);
            }
        });
    }
    // then none of them is refused.
    load.join_all().await;
    for mut service in services {
        let log = service.process.log_tail();
        assert!(!log.contains("too many connections"), "{log}");
        let ended = service.process.stop(Signal::Terminate, STOP_TIMEOUT);
        assert!(ended.is_some_and(|status| status.success()), "{log}");
    }
    lean.run(&format!("DROP DATABASE {} WITH (FORCE)", lean.name))
        .await;
}
