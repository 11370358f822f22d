//! Restores of a whole machine: from a cold copy of its data directory, and from a backup that was
//! taken under load. Afterwards every client holds exactly what the log holds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::{Client, http_client};
use tests::feed::{cursor_position, read_all};
use tests::live::{LiveEvents, LiveSocket, SocketEvent};
use tests::receiver::{SECRET, WebhookReceiver};
use tests::single_machine::{SingleMachine, copy_directory};
use tests::world::{Settings, create_dir};
use tests::{log, token};
use tokio_util::sync::CancellationToken;

/// Messages that are sent after a restore: their positions reach beyond those of the lost ones.
const NEW: usize = 30;

/// How a client of bob follows his feed.
#[derive(Debug, Clone, Copy)]
enum FollowKind {
    Sync,
    WebSocket,
    ServerSentEvents,
}

/// What became of the cursor with which a client continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CursorFate {
    Continued,
    Refused,
}

/// A client of bob, with the entries that it holds.
#[derive(Debug, Clone)]
struct Follower {
    kind: FollowKind,
    held: Vec<Value>,
    cursor: String,
    restarts: usize,
}

impl Follower {
    /// One client of each kind that has read up to `head`.
    async fn start_all(machine: &SingleMachine, head: i64) -> Vec<Self> {
        let mut followers = Vec::new();
        for kind in [
            FollowKind::Sync,
            FollowKind::WebSocket,
            FollowKind::ServerSentEvents,
        ] {
            let mut follower = Self {
                kind,
                held: Vec::new(),
                cursor: "0".to_owned(),
                restarts: 0,
            };
            follower.follow(machine, head).await;
            followers.push(follower);
        }
        followers
    }

    /// Continues from its cursor until it has reached `head`. If the cursor is refused, it drops
    /// what it holds and starts again.
    async fn follow(&mut self, machine: &SingleMachine, head: i64) {
        while self.cursor == "0" || cursor_position(&Value::from(self.cursor.clone())) < head {
            let fate = match self.kind {
                FollowKind::Sync => self.sync(machine, head).await,
                FollowKind::WebSocket => self.read_socket(machine, head).await,
                FollowKind::ServerSentEvents => self.read_events(machine, head).await,
            };
            if fate == CursorFate::Refused {
                assert_eq!(self.restarts, 0, "{:?} was refused again", self.kind);
                self.restarts += 1;
                self.held.clear();
                self.cursor = "0".to_owned();
            }
        }
    }

    async fn sync(&mut self, machine: &SingleMachine, head: i64) -> CursorFate {
        let path = format!(
            "/v1/inbox/entries?after={}&min_position={head}",
            self.cursor
        );
        let page = machine.user("bob").get(&path).await;
        if page.status == 410 {
            assert_eq!(page.expect_problem(410), "cursor_expired");
            return CursorFate::Refused;
        }
        assert_eq!(page.status, 200);
        let page = page.json();
        let entries = page["entries"].as_array().expect("entries");
        self.held.extend(entries.iter().cloned());
        page["cursor"]
            .as_str()
            .expect("a cursor")
            .clone_into(&mut self.cursor);
        CursorFate::Continued
    }

    async fn read_socket(&mut self, machine: &SingleMachine, head: i64) -> CursorFate {
        let (token, query) = (token::for_user("bob"), format!("after={}", self.cursor));
        let opened = LiveSocket::open(&machine.address(), &token, &query).await;
        let mut live = opened.expect("the upgrade succeeds");
        loop {
            match live.next_event().await {
                SocketEvent::Frame(frame) if self.hold(&frame, head) => {
                    return CursorFate::Continued;
                }
                SocketEvent::Frame(_) => {}
                SocketEvent::Closed(code) => {
                    assert_eq!(code, 4410);
                    return CursorFate::Refused;
                }
            }
        }
    }

    async fn read_events(&mut self, machine: &SingleMachine, head: i64) -> CursorFate {
        let base = format!("http://{}", machine.address());
        let token = token::for_user("bob");
        let mut events = LiveEvents::open(&http_client(), &base, &token, &self.cursor).await;
        while let Some(frame) = events.next_frame().await {
            if frame["code"] == "cursor_expired" {
                return CursorFate::Refused;
            }
            if self.hold(&frame, head) {
                return CursorFate::Continued;
            }
        }
        panic!("the events ended at {}", self.cursor);
    }

    /// Takes a frame. Returns whether it has reached `head` by now.
    fn hold(&mut self, frame: &Value, head: i64) -> bool {
        if frame["type"] == "entry" {
            self.held.push(frame["entry"].clone());
        }
        // While more entries of a position follow, its cursor is no place to resume.
        match frame["cursor"].as_str() {
            Some(cursor) if frame["more"] != true => {
                cursor.clone_into(&mut self.cursor);
                cursor_position(&frame["cursor"]) >= head
            }
            _ => false,
        }
    }
}

/// Acknowledges up to a cursor. Returns the status.
async fn ack(machine: &SingleMachine, device: &str, cursor: &str) -> u16 {
    let body = json!({ "device": device, "cursor": cursor });
    let acked = machine.user("bob").post("/v1/inbox/ack", body).await;
    if acked.status != 200 {
        assert_eq!(acked.expect_problem(410), "cursor_expired");
        return 410;
    }
    200
}

/// The head of the log.
async fn head(machine: &SingleMachine) -> i64 {
    let events = log::fetch_events(&machine.admin()).await.expect("the log");
    events.len() as i64
}

/// The first entries of a device that names no cursor: they follow what it has acknowledged.
async fn resume(machine: &SingleMachine, device: &str, min_position: i64) -> Value {
    let path = format!("/v1/inbox/entries?device={device}&limit=1000&min_position={min_position}");
    machine.user("bob").get_ok(&path).await["entries"].clone()
}

/// A machine with a webhook of all events, and a conversation of alice and bob with messages.
async fn start_machine() -> (SingleMachine, WebhookReceiver) {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_SECRET", SECRET)
        .with("TIDINGS_SEAL_EVERY", "1s");
    let machine = SingleMachine::start(&settings).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    machine
        .run_ok(&["webhooks", "add", &url, "--events", "all", "--from", "1"])
        .await;
    let alice = machine.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    (machine, receiver)
}

/// Asserts that the stream and the webhook's receiver have exactly the events of the log, and that
/// read models, index and seals agree with it.
async fn check_everything(machine: &SingleMachine, receiver: &WebhookReceiver) {
    let events = log::fetch_events(&machine.admin()).await.expect("the log");
    let nats = machine.nats_url();
    eventually("the mirror is exact", async || {
        log::check_mirror(&nats, &events).await.ok()
    })
    .await;
    receiver.wait_for_events(&events).await;
    machine.run_ok(&["log", "verify"]).await;
    machine.run_ok(&["verify"]).await;
    machine.run_ok(&["verify", "--search"]).await;
}

/// Asserts that clients which stopped at a kept event continue, that those which have lost events
/// start again, and that each then holds the feed of the log.
async fn check_followers(
    machine: &SingleMachine,
    kept: Vec<Follower>,
    ahead: Vec<Follower>,
    head: i64,
) {
    let feed = read_all(&machine.user("bob"), 100, head).await;
    for (followers, restarts) in [(kept, 0), (ahead, 1)] {
        for mut follower in followers {
            follower.follow(machine, head).await;
            assert_eq!(follower.restarts, restarts, "{:?}", follower.kind);
            assert_eq!(follower.held, feed, "{:?}", follower.kind);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_client_holds_what_the_log_holds_after_a_restore_by_file_copy() {
    // Given a cold copy of a data directory, and clients that went on without it,
    let (mut machine, receiver) = start_machine().await;
    let kept = machine.user("alice").send_texts("room", "kept", 3).await;
    let kept_followers = Follower::start_all(&machine, kept).await;
    assert_eq!(ack(&machine, "phone", &kept_followers[0].cursor).await, 200);
    let acked = head(&machine).await;
    receiver.wait_for_position(acked).await;
    machine.stop();
    let copy = machine.dir.join("copy");
    copy_directory(&machine.data(), &copy);
    machine.start_service().await;
    let lost = machine.user("alice").send_texts("room", "lost", 10).await;
    let ahead_followers = Follower::start_all(&machine, lost).await;
    let stale = ahead_followers[0].cursor.clone();
    assert_eq!(ack(&machine, "tablet", &stale).await, 200);
    receiver.wait_for_position(lost).await;

    // when the copy is put back, and the log grows past what was lost,
    machine.stop();
    fs::remove_dir_all(machine.data()).expect("removed");
    fs::rename(copy, machine.data()).expect("put back");
    machine.start_service().await;
    assert_eq!(head(&machine).await, acked);
    let end = machine.user("alice").send_texts("room", "new", NEW).await;
    assert!(end > lost + 1, "{end} is not beyond {lost}");

    // then every client holds what the log holds,
    check_followers(&machine, kept_followers, ahead_followers, end).await;
    // acknowledgements of kept events hold, and those of lost events are gone,
    let feed = read_all(&machine.user("bob"), 100, end).await;
    let after_kept: Vec<_> = feed
        .iter()
        .filter(|entry| entry["position"].as_i64() > Some(kept))
        .collect();
    assert_eq!(json!(after_kept), resume(&machine, "phone", end).await);
    assert_eq!(json!(feed), resume(&machine, "tablet", end).await);
    assert_eq!(ack(&machine, "tablet", &stale).await, 410);
    // and so do the stream, the webhook and everything that is derived.
    check_everything(&machine, &receiver).await;
}

/// Sends messages until it is stopped.
async fn send_until_stopped(client: Client, word: String, stop: CancellationToken) {
    let mut n = 0;
    while !stop.is_cancelled() {
        let key = format!("{word}{n}");
        client.send("room", &key, &key).await.expect(201);
        n += 1;
    }
}

/// Takes a backup while messages are sent. Returns its position and cursor.
async fn back_up_under_load(machine: &SingleMachine, dir: &Path) -> (i64, String) {
    let stop = CancellationToken::new();
    let mut senders = Vec::new();
    let backup = dir.file_name().expect("a name").display();
    for sender in 0..3 {
        let (alice, word) = (machine.user("alice"), format!("{backup}-{sender}-"));
        senders.push(tokio::spawn(send_until_stopped(alice, word, stop.clone())));
    }
    let dir = dir.to_str().expect("UTF-8");
    let printed = machine.run_ok(&["backup", dir, "--json"]).await;
    stop.cancel();
    for sender in senders {
        sender.await.expect("every send succeeds");
    }
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["log"]["findings"], 0);
    assert!(printed["log"]["sealed_to"].as_i64() > Some(0), "{printed}");
    let cursor = printed["cursor"].as_str().expect("a cursor").to_owned();
    (printed["position"].as_i64().expect("a position"), cursor)
}

/// Asserts that a restore into this machine fails with a message that contains `reason`.
async fn expect_refused(machine: &SingleMachine, backup: &Path, reason: &str) {
    let dir = backup.to_str().expect("UTF-8");
    let output = machine.run(&["restore", dir, "--yes"]).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{reason}: it was restored");
    assert!(error.contains(reason), "{reason}: {error}");
}

/// Files of a backup.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Asserts that damage to any file of the backup is noticed, and that it is private.
async fn check_damage_is_refused(backup: &Path) {
    let fresh = SingleMachine::stopped(&Settings::default());
    assert!(files(backup).len() > 10, "{:?}", files(backup));
    for file in files(backup) {
        let mode = fs::metadata(&file).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        let intact = fs::read(&file).expect("read");
        let name = file.file_name().expect("a name").to_str().expect("UTF-8");
        let mut damaged = intact.clone();
        damaged[intact.len() / 2] ^= 1;
        fs::write(&file, damaged).expect("written");
        let reason = if name == "SHA256SUMS" {
            "damaged"
        } else {
            name
        };
        expect_refused(&fresh, backup, reason).await;
        fs::remove_file(&file).expect("removed");
        expect_refused(&fresh, backup, name).await;
        fs::write(&file, intact).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("private");
    }
    assert!(
        !fresh.data().join("servers").exists(),
        "Postgres was started"
    );
}

/// Moves the data directory away, and restores a backup into a new one.
async fn restore(machine: &mut SingleMachine, backup: &Path, old: &str) {
    machine.stop();
    fs::rename(machine.data(), machine.dir.join(old)).expect("moved");
    let dir = backup.to_str().expect("UTF-8");
    let printed = machine.run_ok(&["restore", dir, "--json", "--yes"]).await;
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["log"]["findings"], 0);
    machine.start_service().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_client_holds_what_the_log_holds_after_a_restore_from_a_backup() {
    // Given a backup that was taken under load, and clients that stopped before or went on,
    let (mut machine, receiver) = start_machine().await;
    let kept = machine.user("alice").send_texts("room", "kept", 3).await;
    let kept_followers = Follower::start_all(&machine, kept).await;
    let backup = machine.dir.join("backup");
    let (position, cursor) = back_up_under_load(&machine, &backup).await;
    assert!(position >= kept, "{position}");
    let lost = machine.user("alice").send_texts("room", "lost", 10).await;
    let ahead_followers = Follower::start_all(&machine, lost).await;
    receiver.wait_for_position(lost).await;
    let before = log::fetch_events(&machine.admin()).await.expect("the log");
    expect_refused(&machine, &backup, "stop it before you restore").await;

    // when it is restored into a new data directory,
    check_damage_is_refused(&backup).await;
    machine.stop();
    expect_refused(&machine, &backup, "the database is not empty").await;
    restore(&mut machine, &backup, "old").await;

    // then the log has the events up to the backup, and the same keys,
    let after = log::fetch_events(&machine.admin()).await.expect("the log");
    assert_eq!(after, before[..position as usize]);
    for key in ["auth-secret", "seal-key"] {
        let (file, stored) = (machine.data().join(key), backup.join(key));
        let mode = fs::metadata(&file).expect("the key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
        assert_eq!(
            fs::read(file).expect("read"),
            fs::read(stored).expect("read")
        );
    }
    // its last cursor continues, and once the log has grown, every client holds what it holds.
    let path = format!("/v1/inbox/entries?after={cursor}&min_position={position}");
    machine.user("bob").get_ok(&path).await;
    let end = machine
        .user("alice")
        .send_texts("room", "new", before.len() + NEW)
        .await;
    check_followers(&machine, kept_followers, ahead_followers, end).await;
    // New ids do not collide with restored ones.
    let alice = machine.user("alice");
    alice.create_group("another", &["bob"]).await.expect(201);
    let elsewhere = format!("{}/elsewhere", receiver.url());
    machine
        .run_ok(&["webhooks", "add", &elsewhere, "--notifications"])
        .await;
    check_everything(&machine, &receiver).await;

    // A backup of the restored system, which has two histories, restores too.
    let second = create_dir().join("second-backup");
    let (position, _) = back_up_under_load(&machine, &second).await;
    let before = log::fetch_events(&machine.admin()).await.expect("the log");
    restore(&mut machine, &second, "older").await;
    let after = log::fetch_events(&machine.admin()).await.expect("the log");
    assert_eq!(after, before[..position as usize]);
    machine.user("alice").send_texts("room", "last", 1).await;
    check_everything(&machine, &receiver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_needs_an_empty_directory_and_the_keys() {
    let (machine, _receiver) = start_machine().await;
    let expect_usage_error = async |arguments: &[&str], reason: &str| {
        let output = machine.run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(reason), "{error}");
    };
    let dir = machine.dir.to_str().expect("UTF-8");
    expect_usage_error(&["backup", dir], "is not empty; choose a new directory").await;
    let (key, moved) = (machine.data().join("seal-key"), machine.dir.join("moved"));
    fs::rename(&key, &moved).expect("moved");
    let backup = machine.dir.join("backup");
    let backup = backup.to_str().expect("UTF-8");
    expect_usage_error(&["backup", backup], "the key of the seals was not found").await;
    machine.run_ok(&["backup", backup, "--database-only"]).await;
    assert!(!Path::new(backup).join("seal-key").exists());
}
