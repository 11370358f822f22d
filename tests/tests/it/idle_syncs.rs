//! A sync that finds nothing new is answered from memory, and says what the database would say.

use std::collections::BTreeMap;
use std::sync::Arc;

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::{BaseUrls, Client};
use tests::history::{RandomHistory, USERS};
use tests::ports;
use tests::seed::{Rng, seed};
use tests::service::ServiceProcess;
use tests::world::{Settings, World};

/// Acts between two comparisons, at most.
const MAX_ACTS: usize = 3;

const COMPARISONS: usize = 60;

/// How often syncs had this answer.
async fn count_answers(world: &World, answer: &str) -> f64 {
    let name = format!("tidings_idle_syncs_total{{answer=\"{answer}\"}}");
    world.metric(&name).await.unwrap_or_default()
}

async fn sync(client: &Client, after: i64, at_least: i64) -> Value {
    let path = format!("/v1/inbox/entries?after={after}&min_position={at_least}");
    let answer = client.get(&path).await;
    let page = answer.expect(200);
    let position: i64 = answer.header("tidings-position").parse().expect("a number");
    assert!(position >= at_least, "{answer}");
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_the_database_answer_every_sync_alike() {
    // Given a service that answers from memory, and one that asks the database
    let world = World::start_with(Settings::default().with("TIDINGS_FANOUT_THRESHOLD", 3)).await;
    let mut env = world.env();
    env.push(("TIDINGS_IDLE_SYNCS", "database".to_owned()));
    let dir = world.dir.join("database");
    std::fs::create_dir(&dir).expect("a directory");
    let port = ports::find_free();
    let other = ServiceProcess::start("query-api", port, &dir, &env).await;
    let _other = other.expect("a service");
    let queries = format!("http://127.0.0.1:{port}");
    let urls = Arc::new(BaseUrls {
        commands: queries.clone(),
        queries,
    });

    // When people write, join and leave, and everybody syncs after every few acts
    let seed = seed("idle_syncs");
    let mut rng = Rng::new(seed);
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    let mut heads = vec![0];
    let mut compared = BTreeMap::<&str, usize>::new();
    for _ in 0..COMPARISONS {
        history.run_random(1 + rng.below(MAX_ACTS)).await;
        heads.push(history.head);
        for user in USERS {
            let from_memory = history.client(user);
            let from_database = from_memory.at(urls.clone());
            for after in [history.head, heads[heads.len() - 2], *rng.pick(&heads)] {
                // Then both answer alike
                let one = sync(&from_memory, after, history.head).await;
                let two = sync(&from_database, after, history.head).await;
                for field in ["entries", "has_more", "cursor"] {
                    assert_eq!(one[field], two[field], "{user} after {after}, seed {seed}");
                }
                let is_empty = one["entries"].as_array().is_some_and(Vec::is_empty);
                *compared
                    .entry(if is_empty { "empty" } else { "others" })
                    .or_default() += 1;
            }
        }
    }
    assert!(compared.values().all(|count| *count > 50), "{compared:?}");
    let answered = count_answers(&world, "memory").await;
    assert!(
        answered > compared["empty"] as f64 / 4.0,
        "{answered} of {compared:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_finds_no_difference() {
    let settings = Settings::default().with("TIDINGS_IDLE_SYNCS", "verify");
    let world = World::start_with(settings).await;
    let mut history = RandomHistory::start(seed("verify"), |user| world.user(user)).await;
    for _ in 0..30 {
        history.run_random(2).await;
        for user in USERS {
            let client = history.client(user);
            for _ in 0..2 {
                sync(&client, history.head, history.head).await;
            }
        }
    }
    assert!(count_answers(&world, "right").await > 20.0);
    assert_eq!(count_answers(&world, "wrong").await, 0.0);
    assert_eq!(count_answers(&world, "memory").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_gets_the_entries_of_the_conversation() {
    let world = World::start().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    ann.create_group("c", &["cho"]).await.expect(201);
    let head = ann.create_group("d", &["ben"]).await.position();
    // Given a user whose syncs are answered from memory
    let mut answered = 0.0;
    while answered == 0.0 {
        let page = sync(&ben, head, head).await;
        assert_eq!(page["entries"], json!([]));
        answered = count_answers(&world, "memory").await;
    }
    // When a conversation that they do not know gets a message, they do not get it
    let sent = ann.send("c", "1", "among us").await.position();
    assert_eq!(sync(&ben, head, sent).await["entries"], json!([]));
    // And when they have joined it, they get that and what follows
    let body = json!({ "users": ["ben"] });
    let added = ann.post("/v1/conversations/c/members", body).await;
    added.expect(200);
    let page = sync(&ben, sent, added.position()).await;
    assert_eq!(page["entries"][0]["type"], "member_added", "{page}");
    let said = ann.send("c", "2", "welcome").await.position();
    let page = sync(&ben, added.position(), said).await;
    assert_eq!(
        page["entries"][0]["data"]["body"]["text"], "welcome",
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_expires_also_if_nothing_has_happened_since() {
    let world = World::start().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    ann.create_group("c", &["cho"]).await.expect(201);
    let head = ann.create_group("d", &["ben"]).await.position();
    // Given a user whose syncs are answered from memory
    while count_answers(&world, "memory").await == 0.0 {
        sync(&ben, head, head).await;
    }
    // When the entries up to a later position are deleted
    let sent = ann.send("c", "1", "among us").await.position();
    world.wait_until_projected(sent).await;
    let raise = sqlx::query("UPDATE read.checkpoint SET floor = $1").bind(sent);
    raise.execute(&world.pool).await.expect("a new floor");
    // Then the cursor has expired
    let path = format!("/v1/inbox/entries?after={head}");
    let expired = eventually("the cursor has expired", async || {
        let answer = ben.get(&path).await;
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(expired.await.expect_problem(410), "cursor_expired");
}
