//! Erasure: what was erased is nowhere, not even on a disk; and everything else is as it was.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use embedded_servers::EmbeddedServers;
use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::program::Program;
use tests::service::{run_tidings, service_env};
use tests::world::{Settings, World, create_dir};
use tests::{feed, log, servers, token};
use uuid::Uuid;

/// A system on servers of its own, whose files can be read.
struct House {
    dir: PathBuf,
    servers: EmbeddedServers,
    up: Program,
}

impl House {
    async fn start() -> Self {
        let dir = create_dir();
        let servers = servers::start_both(&dir.join("servers"));
        let up = Program::start(&servers, &dir).await.expect("it starts");
        Self { dir, servers, up }
    }

    /// Runs a command that must succeed, and answers what it printed.
    async fn tidings(&self, arguments: &[&str]) -> String {
        let env = service_env(&self.servers.database_url, &self.servers.nats_url);
        let data = self.dir.join("data").display().to_string();
        let output = run_tidings(&[arguments, &["--data", &data]].concat(), &env).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}{error}");
        said
    }

    async fn erase(&self, arguments: &[&str]) -> Value {
        let said = self
            .tidings(&[&["erase"], arguments, &["--json"]].concat())
            .await;
        serde_json::from_str(&said).expect("one JSON object")
    }

    /// Everything of the log, as the API serves it.
    async fn events(&self) -> Vec<Value> {
        let admin = self.up.user("operator");
        let admin = admin.with_token(Some(token::for_admin("operator")));
        let served = log::fetch_events(&admin).await.expect("the log is served");
        let read = |event: &Bytes| serde_json::from_slice(event).expect("is JSON");
        served.iter().map(read).collect()
    }
}

/// The files below a directory that hold this text.
fn holding(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && memchr::memmem::find(&bytes, text.as_bytes()).is_some()
            {
                found.push(path);
            }
        }
    }
    found
}

/// The search indexes of a house.
fn indexes(dir: &Path) -> Vec<PathBuf> {
    let place = std::fs::read_dir(dir.join("data/search")).expect("there is one");
    let paths = place.map(|entry| entry.expect("is readable").path());
    paths.filter(|path| path.is_dir()).collect()
}

/// A word that is nowhere else, and that no compression makes shorter.
fn canary(name: &str) -> String {
    format!("{name}{}", Uuid::new_v4().simple())
}

async fn found(user: &Client, word: &str, position: i64) -> Value {
    let path = format!("/v1/search?q={word}&limit=1&min_position={position}");
    eventually("the index is there", async || {
        let answer = user.get(&path).await;
        (answer.status == 200).then(|| answer.json()["total"].clone())
    })
    .await
}

/// What is told in the house before anything is erased.
struct Told {
    one: String,
    newer: String,
    taken_back: String,
    title: String,
    bobs: String,
    kept: String,
    last: i64,
}

async fn tell(house: &House) -> Told {
    let (ann, bob) = (house.up.user("ann"), house.up.user("bob"));
    let told = Told {
        one: canary("one"),
        newer: canary("newer"),
        taken_back: canary("back"),
        title: canary("title"),
        bobs: canary("bobs"),
        kept: canary("kept"),
        last: 0,
    };
    for id in ["room", "other"] {
        let group = json!({"id": id, "kind": "group", "title": told.title, "members": ["bob"]});
        ann.post("/v1/conversations", group).await.expect(201);
    }
    let kept = format!("{} stays", told.kept);
    ann.send("room", "1", &kept).await.expect(201);
    let one = json!({"client_message_id": "2", "type": "text", "body": {"text": format!("say {}", told.one)},
        "mentions": ["bob"]});
    ann.send_message("room", one).await.expect(201);
    let newer = json!({"body": {"text": format!("rather {}", told.newer)}});
    ann.put("/v1/conversations/room/messages/2", Some(newer))
        .await
        .expect(200);
    ann.send("room", "3", &told.taken_back).await.expect(201);
    ann.delete("/v1/conversations/room/messages/3")
        .await
        .expect(200);
    bob.send("room", "4", &format!("{} here", told.bobs))
        .await
        .expect(201);
    let body = json!({"client_message_id": "1", "type": "custom", "body": {"card": [told.bobs]}});
    bob.send_message("other", body).await.expect(201);
    let last = ann.send("other", "o2", &told.one).await.position();
    Told { last, ..told }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_nowhere_and_all_else_is_as_it_was() {
    let house = House::start().await;
    let told = tell(&house).await;
    let (ann, bob) = (house.up.user("ann"), house.up.user("bob"));
    assert_eq!(found(&ann, &told.newer, told.last).await, 1);
    let before = house.events().await;
    house.tidings(&["log", "seal"]).await;
    for keeping in [&["rebuild", "search", "--keep"][..], &["rebuild", "--keep"]] {
        house.tidings(keeping).await;
    }
    let erased = [
        &told.one,
        &told.newer,
        &told.taken_back,
        &told.title,
        &told.bobs,
    ];
    for word in erased {
        for part in ["postgres", "nats"] {
            let part = house.dir.join("servers/servers").join(part);
            assert!(
                !holding(&part, word).is_empty(),
                "{word} in {}",
                part.display()
            );
        }
    }
    assert_eq!(indexes(&house.dir).len(), 2, "one is kept");

    let receipt = house.erase(&["message", "room", "2"]).await;
    let events = receipt["events"].as_array().expect("a list");
    assert_eq!(receipt["messages"], 1);
    assert_eq!(events.len(), 2, "the message and its edit: {receipt}");
    assert_eq!(receipt["gone_from"]["stream_copies_left"], 0);
    house.erase(&["message", "room", "3"]).await;
    let receipt = house.erase(&["user", "bob"]).await;
    assert_eq!(receipt["messages"], 2);
    let receipt = house.erase(&["conversation", "other"]).await;
    assert_eq!(
        (&receipt["messages"], &receipt["titles"]),
        (&json!(1), &json!(1))
    );
    let receipt = house.erase(&["conversation", "room"]).await;
    assert_eq!(
        (&receipt["messages"], &receipt["titles"]),
        (&json!(1), &json!(1))
    );
    // Everything but what was kept for this.
    let kept = ann.send("room", "5", &told.kept).await.position();
    for what in [["user", "bob"], ["conversation", "other"]] {
        let again = house.erase(&what).await;
        assert_eq!(
            (&again["messages"], &again["titles"]),
            (&json!(0), &json!(0))
        );
    }

    for user in [&ann, &bob] {
        let room = feed::read_history(user, "room", kept).await;
        assert_eq!(room.len(), 5);
        for message in &room {
            let is_kept = message["seq"] == 5;
            assert_eq!(message["recalled"], !is_kept, "{message}");
            assert_eq!(message["body"].is_null(), !is_kept, "{message}");
        }
        for word in erased {
            assert_eq!(found(user, word, kept).await, 0, "{word}");
        }
        assert_eq!(found(user, &told.kept, kept).await, 1);
        let entries = feed::read_all(user, 100, kept).await;
        let text = serde_json::to_string(&entries).expect("is JSON");
        assert!(text.contains("message_erased"));
        for word in erased {
            assert!(!text.contains(word.as_str()), "{word} is still told");
        }
    }
    let unread = bob.get_ok("/v1/inbox/unread").await;
    assert_eq!(unread["total"], 1, "{unread}");

    let after = house.events().await;
    let text = serde_json::to_string(&after).expect("is JSON");
    for word in erased {
        assert!(!text.contains(word.as_str()), "{word} is still in the log");
    }
    for (then, now) in before.iter().zip(&after) {
        for field in ["position", "sequence", "type", "source", "time"] {
            assert_eq!(then[field], now[field]);
        }
        assert_eq!(then["data"]["seq"], now["data"]["seq"]);
        assert_eq!(then["data"]["sender"], now["data"]["sender"]);
    }
    check(&house).await;

    let older = indexes(&house.dir);
    let receipt = house.erase(&["files"]).await;
    assert!(receipt["wal_files"].is_number(), "{receipt}");
    for word in erased {
        let left = holding(&house.dir, word);
        assert!(left.is_empty(), "{word} is in {left:?}");
    }
    assert!(!holding(&house.dir, &told.kept).is_empty());
    // Words are spelt otherwise in an index than in a text, so that no text is found in one: it was made anew.
    let left = indexes(&house.dir);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(!older.contains(&left[0]), "{left:?}");
    check(&house).await;
    let shown = house.erase(&["show"]).await;
    assert_eq!(shown["events"].as_array().map(Vec::len), Some(9), "{shown}");
    assert_eq!(shown["gone_from"]["files"], shown["last_erasure"]);
    goes_on(&house, &ann).await;
}

/// The log is as it was sealed, and the read models are what it says.
async fn check(house: &House) {
    house.tidings(&["log", "seal"]).await;
    let said = house.tidings(&["log", "verify", "--json"]).await;
    assert!(said.contains("\"erased\":9"), "{said}");
    house.tidings(&["verify"]).await;
    let said = house.tidings(&["rebuild"]).await;
    assert!(
        said.contains("identical to the served read models"),
        "{said}"
    );
}

/// After all of it, the log takes events, the stream and the read models follow.
async fn goes_on(house: &House, ann: &Client) {
    let position = ann.send("room", "6", "and on").await.position();
    assert_eq!(feed::read_history(ann, "room", position).await.len(), 6);
    let nats = &house.servers.nats_url;
    eventually("the stream is at the head", async || {
        (log::mirror_range(nats).await.ok()?.1 == position as u64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_is_erased_where_it_may_not_be_old() {
    let settings = Settings::default().with("TIDINGS_RETAIN_GROUPS", "3s");
    let world = World::start_with(settings).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let direct = ann.create_direct("bob").await;
    for n in 0..20 {
        ann.send("room", &format!("r{n}"), "of a group")
            .await
            .expect(201);
        ann.send(&direct, &format!("d{n}"), "of two")
            .await
            .expect(201);
    }
    let recalled = async |conversation: &str| {
        let messages = feed::read_history(&bob, conversation, 0).await;
        messages.iter().filter(|it| it["recalled"] == true).count()
    };
    eventually("the group's messages are gone", async || {
        (recalled("room").await == 20).then_some(())
    })
    .await;
    assert_eq!(recalled(&direct).await, 0);
    let data = world.dir.join("data").display().to_string();
    let output = world.run(&["status", "--json", "--data", &data]).await;
    let status: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let database = &status["database"];
    let group = database["retention"].as_array().and_then(|all| {
        let group = all.iter().find(|it| it["kind"] == "group");
        group.and_then(|group| group["position"].as_i64())
    });
    assert!(group.is_some_and(|position| position > 40), "{database}");
    // What comes later has its own time.
    let position = ann.send("room", "new", "young").await.position();
    assert_eq!(
        feed::read_history(&bob, "room", position).await[20]["body"]["text"],
        "young"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_everything_about_them() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send("room", "1", "hello \u{1f389}").await.expect(201);
    ann.send("room", "2", "hello 你好").await.expect(201);
    let newer = json!({"body": {"text": "hello again"}});
    ann.put("/v1/conversations/room/messages/1", Some(newer))
        .await
        .expect(200);
    let to_ann = json!({"client_message_id": "1", "type": "text", "body": {"text": "bob's own words"},
        "mentions": ["ann"]});
    let seq = bob.send_message("room", to_ann).await.expect(201)["seq"].clone();
    ann.put(
        &format!("/v1/conversations/room/messages/{seq}/reactions/+1"),
        None,
    )
    .await
    .expect(200);
    let last = ann.put("/v1/blocks/bob", None).await.position();
    ann.get_ok(&format!("/v1/inbox/unread?min_position={last}"))
        .await;
    let data = world.dir.join("data").display().to_string();
    let run = async |user: &str| {
        let output = world.run(&["export-user", user, "--data", &data]).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), text)
    };
    let (is_done, text) = run("ann").await;
    assert!(is_done);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect();
    let of = |kind: &str| -> Vec<&Value> { lines.iter().filter(|it| it["kind"] == kind).collect() };
    assert_eq!(of("user")[0]["id"], "ann");
    assert_eq!(of("conversation")[0]["role"], "owner");
    let messages = of("message");
    assert_eq!(
        messages.last().map(|it| it["body"]["text"].clone()),
        Some(json!("hello 你好"))
    );
    assert_eq!(messages[0]["body"]["text"], "hello again");
    assert_eq!(messages[0]["versions"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&of("reaction")[0]["key"], &of("reaction")[0]["seq"]),
        (&json!("+1"), &seq)
    );
    assert_eq!(of("mention")[0]["seq"], seq);
    assert_eq!(of("block")[0]["user"], "bob");
    assert!(!text.contains("bob's own words"), "{text}");
    let (is_done, text) = run("nobody").await;
    assert!(!is_done && text.is_empty(), "{text}");
}
