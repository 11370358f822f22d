//! Erasure: erased content is nowhere, not even in a file, and everything else is as it was.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use embedded_servers::EmbeddedServers;
use eventually::eventually;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::client::Client;
use tests::program::Program;
use tests::service::{run_tidings, service_env};
use tests::world::{Settings, World, create_dir};
use tests::{feed, log, servers, token};
use uuid::Uuid;

/// A system on servers of its own, so that a test can search their files.
struct System {
    dir: PathBuf,
    servers: EmbeddedServers,
    program: Program,
}

impl System {
    /// Writes the rows to their files. In the write-ahead log, the header of a page can be in the
    /// middle of a word.
    async fn write_checkpoint(&self) {
        let url = &self.servers.database_url;
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        let written = connection.execute("CHECKPOINT").await;
        written.expect("a checkpoint");
    }

    async fn start() -> Self {
        let dir = create_dir();
        let servers = servers::start_both(&dir.join("servers"));
        let program = Program::start(&servers, &dir).await.expect("it starts");
        Self {
            dir,
            servers,
            program,
        }
    }

    /// Runs a command that must succeed; returns what it prints.
    async fn run(&self, arguments: &[&str]) -> String {
        let env = service_env(&self.servers.database_url, &self.servers.nats_url);
        let data = self.dir.join("data").display().to_string();
        let output = run_tidings(&[arguments, &["--data", &data]].concat(), &env).await;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stdout}{stderr}");
        stdout
    }

    /// Asserts what an erasure would erase, and that it refuses to without consent.
    async fn expect_planned(&self, target: &[&str], messages: u64, conversations: u64) {
        let command = [&["erase"], target].concat();
        let planned = self
            .run(&[&command[..], &["--dry-run", "--json"]].concat())
            .await;
        let planned: Value = serde_json::from_str(&planned).expect("one JSON object");
        assert_eq!(
            planned,
            json!({ "dry_run": true, "messages": messages, "conversations": conversations }),
            "{target:?}"
        );
        let env = service_env(&self.servers.database_url, &self.servers.nats_url);
        let data = self.dir.join("data").display().to_string();
        let asked = run_tidings(&[&command[..], &["--data", &data]].concat(), &env).await;
        let complaint = String::from_utf8_lossy(&asked.stderr);
        assert_eq!(asked.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains("pass --yes"), "{complaint}");
    }

    /// Erases something; returns the receipt.
    async fn erase(&self, arguments: &[&str]) -> Value {
        let asks = !["files", "show"].contains(&arguments[0]);
        let confirmed: &[&str] = if asks { &["--yes"] } else { &[] };
        let arguments = [&["erase"], arguments, &["--json"], confirmed].concat();
        serde_json::from_str(&self.run(&arguments).await).expect("one JSON object")
    }

    /// Every event of the log, as the API serves it.
    async fn events(&self) -> Vec<Value> {
        let admin = self.program.user("operator");
        let admin = admin.with_token(Some(token::for_admin("operator")));
        let served = log::fetch_events(&admin).await.expect("the log is served");
        let parse = |event: &Bytes| serde_json::from_slice(event).expect("an event is JSON");
        served.iter().map(parse).collect()
    }

    /// The directories of the builds of the search index.
    fn index_builds(&self) -> Vec<PathBuf> {
        let index = std::fs::read_dir(self.dir.join("data/search")).expect("a search index");
        let paths = index.map(|entry| entry.expect("a readable entry").path());
        paths.filter(|path| path.is_dir()).collect()
    }

    /// The log agrees with its seals, and the read models with the log.
    async fn assert_verified(&self) {
        self.run(&["log", "seal"]).await;
        let verified = self.run(&["log", "verify", "--json"]).await;
        assert!(verified.contains("\"erased\":9"), "{verified}");
        self.run(&["verify"]).await;
        let rebuilt = self.run(&["rebuild"]).await;
        assert!(
            rebuilt.contains("identical to the served read models"),
            "{rebuilt}"
        );
    }
}

/// The files below a directory that contain a text.
fn files_containing(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut to_search = vec![dir.to_path_buf()];
    while let Some(dir) = to_search.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                to_search.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && memchr::memmem::find(&bytes, text.as_bytes()).is_some()
            {
                found.push(path);
            }
        }
    }
    found
}

/// A word that occurs nowhere else and that compression does not change.
fn unique_word(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::new_v4().simple())
}

/// The number of hits for a word, once the index has reached a position.
async fn count_hits(user: &Client, word: &str, position: i64) -> Value {
    let path = format!("/v1/search?q={word}&limit=1&min_position={position}");
    eventually("the index is at the position", async || {
        let response = user.get(&path).await;
        (response.status == 200).then(|| response.json()["total"].clone())
    })
    .await
}

/// The unique words of the content of a system before anything is erased, and its last position.
struct Content {
    original: String,
    edited: String,
    recalled: String,
    title: String,
    of_bob: String,
    kept: String,
    last: i64,
}

impl Content {
    /// Ann and bob fill the conversations `room` and `other`.
    async fn send(system: &System) -> Self {
        let (ann, bob) = (system.program.user("ann"), system.program.user("bob"));
        let mut content = Self {
            original: unique_word("original"),
            edited: unique_word("edited"),
            recalled: unique_word("recalled"),
            title: unique_word("title"),
            of_bob: unique_word("bob"),
            kept: unique_word("kept"),
            last: 0,
        };
        for id in ["room", "other"] {
            let group =
                json!({"id": id, "kind": "group", "title": content.title, "members": ["bob"]});
            ann.post("/v1/conversations", group).await.expect(201);
        }
        let kept = format!("{} stays", content.kept);
        ann.send("room", "1", &kept).await.expect(201);
        let original = json!({"client_message_id": "2", "type": "text",
            "body": {"text": format!("say {}", content.original)}, "mentions": ["bob"]});
        ann.send_message("room", original).await.expect(201);
        let edited = json!({"body": {"text": format!("rather {}", content.edited)}});
        let message = |seq: i64| format!("/v1/conversations/room/messages/{seq}");
        ann.put(&message(2), Some(edited)).await.expect(200);
        ann.send("room", "3", &content.recalled).await.expect(201);
        ann.delete(&message(3)).await.expect(200);
        let text = format!("{} here", content.of_bob);
        bob.send("room", "4", &text).await.expect(201);
        let custom = json!({"client_message_id": "1", "type": "custom",
            "body": {"card": [content.of_bob]}});
        bob.send_message("other", custom).await.expect(201);
        content.last = ann.send("other", "o2", &content.original).await.position();
        content
    }

    fn erased_words(&self) -> [&String; 5] {
        [
            &self.original,
            &self.edited,
            &self.recalled,
            &self.title,
            &self.of_bob,
        ]
    }
}

/// What does not exist is named, whether it is counted or erased.
async fn assert_unknown_is_named(system: &System) {
    let env = service_env(&system.servers.database_url, &system.servers.nats_url);
    let data = system.dir.join("data").display().to_string();
    for (target, what) in [
        (
            &["message", "room", "99"][..],
            "no message 99 of a conversation room",
        ),
        (&["message", "nope", "1"], "no message 1"),
        (&["conversation", "nope"], "no conversation nope"),
        (&["user", "bobb"], "no user bobb"),
    ] {
        for how in ["--dry-run", "--yes"] {
            let arguments = [&["erase"], target, &[how, "--data", &data]].concat();
            let output = run_tidings(&arguments, &env).await;
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
            assert!(error.contains(what), "{error}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
        }
    }
}

/// Erases by message, by user and by conversation, so that everything sent so far is erased.
async fn erase_everything(system: &System) {
    system.expect_planned(&["message", "room", "2"], 1, 1).await;
    let receipt = system.erase(&["message", "room", "2"]).await;
    let events = receipt["events"].as_array().expect("a list");
    assert_eq!(receipt["messages"], 1);
    assert_eq!(events.len(), 2, "the message and its edit: {receipt}");
    assert_eq!(receipt["gone_from"]["stream_copies_left"], 0);
    system.expect_planned(&["message", "room", "2"], 0, 0).await;
    system.erase(&["message", "room", "3"]).await;
    system.expect_planned(&["user", "bob"], 2, 2).await;
    let receipt = system.erase(&["user", "bob"]).await;
    assert_eq!(receipt["messages"], 2);
    system.expect_planned(&["conversation", "room"], 1, 1).await;
    for id in ["other", "room"] {
        let receipt = system.erase(&["conversation", id]).await;
        assert_eq!(
            (&receipt["messages"], &receipt["titles"]),
            (&json!(1), &json!(1)),
            "{id}"
        );
    }
}

/// The API serves the erased messages as recalled, and their words nowhere. `kept` is the position
/// of message 5, which was not erased.
async fn assert_not_served(user: &Client, content: &Content, kept: i64) {
    let history = feed::read_history(user, "room", kept).await;
    assert_eq!(history.len(), 5);
    for message in &history {
        let is_kept = message["seq"] == 5;
        assert_eq!(message["recalled"], !is_kept, "{message}");
        assert_eq!(message["body"].is_null(), !is_kept, "{message}");
    }
    assert_eq!(count_hits(user, &content.kept, kept).await, 1);
    let entries = feed::read_all(user, 100, kept).await;
    let entries = serde_json::to_string(&entries).expect("JSON");
    assert!(entries.contains("message_erased"), "{entries}");
    for word in content.erased_words() {
        assert_eq!(count_hits(user, word, kept).await, 0, "{word}");
        assert!(!entries.contains(word.as_str()), "{word} is in the feed");
    }
}

/// The log no longer has the words; what it says besides the content is unchanged.
fn assert_erased_from_log(content: &Content, before: &[Value], after: &[Value]) {
    let text = serde_json::to_string(after).expect("JSON");
    for word in content.erased_words() {
        assert!(!text.contains(word.as_str()), "{word} is in the log");
    }
    for (before, after) in before.iter().zip(after) {
        for field in ["position", "sequence", "type", "source", "time"] {
            assert_eq!(before[field], after[field]);
        }
        for field in ["seq", "sender"] {
            assert_eq!(before["data"][field], after["data"][field]);
        }
    }
}

/// `erase files` removes the words from every file.
async fn erase_files(system: &System, content: &Content) {
    let builds_before = system.index_builds();
    let receipt = system.erase(&["files"]).await;
    assert!(receipt["wal_files"].is_number(), "{receipt}");
    for word in content.erased_words() {
        let files = files_containing(&system.dir, word);
        assert!(files.is_empty(), "{word} is in {files:?}");
    }
    assert!(!files_containing(&system.dir, &content.kept).is_empty());
    // An index does not store its words as plain text, so the search above says nothing about it.
    // That it was built again does.
    let builds = system.index_builds();
    assert_eq!(builds.len(), 1, "{builds:?}");
    assert!(!builds_before.contains(&builds[0]), "{builds:?}");
}

/// The log accepts events, and the stream and the read models follow.
async fn assert_continues(system: &System) {
    let ann = system.program.user("ann");
    let position = ann.send("room", "6", "after the erasure").await.position();
    let history = feed::read_history(&ann, "room", position).await;
    assert_eq!(history.len(), 6);
    let nats_url = &system.servers.nats_url;
    eventually("the stream is at the head", async || {
        (log::mirror_range(nats_url).await.ok()?.1 == position as u64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_content_is_nowhere_and_everything_else_is_unchanged() {
    // Given content that is in the database, in the stream, and in two builds of the index,
    let system = System::start().await;
    let content = Content::send(&system).await;
    let (ann, bob) = (system.program.user("ann"), system.program.user("bob"));
    assert_eq!(count_hits(&ann, &content.edited, content.last).await, 1);
    let events_before = system.events().await;
    system.run(&["log", "seal"]).await;
    system.run(&["rebuild", "search", "--keep"]).await;
    system.run(&["rebuild", "--keep"]).await;
    system.write_checkpoint().await;
    for word in content.erased_words() {
        for server in ["postgres", "nats"] {
            let dir = system.dir.join("servers/servers").join(server);
            let files = files_containing(&dir, word);
            assert!(!files.is_empty(), "{word} is not in {}", dir.display());
        }
    }
    assert_eq!(system.index_builds().len(), 2, "the previous build is kept");

    // when what does not exist is erased, which changes nothing,
    assert_unknown_is_named(&system).await;
    assert_eq!(system.events().await.len(), events_before.len());
    // and all of it is erased, and a message is sent afterwards,
    erase_everything(&system).await;
    let kept = ann.send("room", "5", &content.kept).await.position();
    for target in [["user", "bob"], ["conversation", "other"]] {
        let repeated = system.erase(&target).await;
        assert_eq!(
            (&repeated["messages"], &repeated["titles"]),
            (&json!(0), &json!(0)),
            "nothing is left to erase"
        );
    }

    // then the API and the log have only the message that was sent afterwards,
    for user in [&ann, &bob] {
        assert_not_served(user, &content, kept).await;
    }
    let unread = bob.get_ok("/v1/inbox/unread").await;
    assert_eq!(unread["total"], 1, "{unread}");
    assert_erased_from_log(&content, &events_before, &system.events().await);
    system.assert_verified().await;
    // and so do the files, once they are erased too.
    erase_files(&system, &content).await;
    system.assert_verified().await;
    let shown = system.erase(&["show"]).await;
    assert_eq!(shown["events"].as_array().map(Vec::len), Some(9), "{shown}");
    assert_eq!(shown["gone_from"]["files"], shown["last_erasure"]);
    assert_continues(&system).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_beyond_the_retention_age_of_their_kind_are_erased() {
    // Given messages in a group, which are retained for 3 s, and in a direct conversation,
    let settings = Settings::default().with("TIDINGS_RETAIN_GROUPS", "3s");
    let world = World::start_with(settings).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let direct = ann.create_direct("bob").await;
    for n in 0..20 {
        let group_key = format!("r{n}");
        ann.send("room", &group_key, "in a group").await.expect(201);
        let direct_key = format!("d{n}");
        ann.send(&direct, &direct_key, "direct").await.expect(201);
    }

    // then the messages of the group are erased, and only those.
    let count_recalled = async |conversation: &str| {
        let messages = feed::read_history(&bob, conversation, 0).await;
        let recalled = messages
            .iter()
            .filter(|message| message["recalled"] == true);
        recalled.count()
    };
    eventually("the messages of the group are erased", async || {
        (count_recalled("room").await == 20).then_some(())
    })
    .await;
    assert_eq!(count_recalled(&direct).await, 0);
    let data = world.dir.join("data").display().to_string();
    let status = world.run_ok(&["status", "--json", "--data", &data]).await;
    let status: Value = serde_json::from_str(&status).expect("one JSON object");
    let retention = status["database"]["retention"].as_array().expect("a list");
    let group = retention.iter().find(|kind| kind["kind"] == "group");
    let position = group.and_then(|group| group["position"].as_i64());
    assert!(position.is_some_and(|position| position > 40), "{status}");

    // A newer message has its own age.
    let position = ann.send("room", "new", "young").await.position();
    let history = feed::read_history(&bob, "room", position).await;
    assert_eq!(history[20]["body"]["text"], "young");
}

/// Ann sends, edits, reacts and blocks; bob mentions her. Returns the seq of bob's message.
async fn act_as_ann_and_bob(world: &World) -> Value {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let message = |seq: &Value| format!("/v1/conversations/room/messages/{seq}");
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send("room", "1", "hello \u{1f389}").await.expect(201);
    ann.send("room", "2", "hello 你好").await.expect(201);
    let edited = json!({"body": {"text": "hello again"}});
    ann.put(&message(&json!(1)), Some(edited)).await.expect(200);
    let to_ann = json!({"client_message_id": "1", "type": "text",
        "body": {"text": "bob's own words"}, "mentions": ["ann"]});
    let seq = bob.send_message("room", to_ann).await.expect(201)["seq"].clone();
    let reaction = format!("{}/reactions/+1", message(&seq));
    ann.put(&reaction, None).await.expect(200);
    let blocked = ann.put("/v1/blocks/bob", None).await;
    world.wait_until_projected(blocked.position()).await;
    seq
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_export_has_the_data_of_the_user_and_of_nobody_else() {
    let world = World::start().await;
    let seq_of_bob = act_as_ann_and_bob(&world).await;
    let data = world.dir.join("data").display().to_string();
    let exported = world.run_ok(&["export-user", "ann", "--data", &data]).await;
    let lines: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let of_kind =
        |kind: &str| -> Vec<&Value> { lines.iter().filter(|line| line["kind"] == kind).collect() };
    assert_eq!(of_kind("user")[0]["id"], "ann");
    assert_eq!(of_kind("conversation")[0]["role"], "owner");
    let messages = of_kind("message");
    let texts: Vec<_> = messages
        .iter()
        .map(|message| message["body"]["text"].clone())
        .collect();
    assert_eq!(texts, ["hello again", "hello 你好"]);
    assert_eq!(messages[0]["versions"].as_array().map(Vec::len), Some(1));
    let reaction = of_kind("reaction")[0];
    assert_eq!(
        (&reaction["key"], &reaction["seq"]),
        (&json!("+1"), &seq_of_bob)
    );
    assert_eq!(of_kind("mention")[0]["seq"], seq_of_bob);
    assert_eq!(of_kind("block")[0]["user"], "bob");
    assert!(!exported.contains("bob's own words"), "{exported}");

    let unknown = world.run(&["export-user", "nobody", "--data", &data]).await;
    assert!(!unknown.status.success());
    assert!(unknown.stdout.is_empty(), "{:?}", unknown.stdout);
}
