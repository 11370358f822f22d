//! Random histories of uploads, sends, schedules, edits, recalls, restores, avatars, erasures and
//! deletions: the store has the files that a model says.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::model::{Model, ModelFile, ModelMessage, ModelScheduled};
use crate::system::{PNG, TestSystem};

const HISTORIES: u64 = 1_000;
const ACTS: usize = 10;
const DAY: Duration = Duration::from_secs(24 * 3_600);
const ALMOST_A_DAY: Duration = Duration::from_secs(24 * 3_600 - 1);

/// A small random number generator (splitmix64): the same seed gives the same history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

/// One user with one group, and the model of it.
struct History<'a> {
    system: &'a TestSystem,
    user: String,
    group: String,
    dice: Dice,
    model: Model,
}

impl<'a> History<'a> {
    async fn begin(system: &'a TestSystem, number: u64) -> Self {
        let history = Self {
            system,
            user: format!("user-{number}"),
            group: format!("group-{number}"),
            dice: Dice(number),
            model: Model::default(),
        };
        let group = json!({ "kind": "group", "id": history.group, "members": [] });
        history.post("/v1/conversations", group, 201).await;
        history
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let body = ("application/json", body.to_string().into_bytes());
        self.system.call((&self.user, ""), method, path, body).await
    }

    async fn post(&self, path: &str, body: Value, expected: u16) -> Value {
        let (status, answer) = self.json(Method::POST, path, &body).await;
        assert_eq!(status, expected, "{path} {body}: {answer}");
        answer
    }

    fn message(&self, seq: usize) -> String {
        format!("/v1/conversations/{}/messages/{}", self.group, seq + 1)
    }

    async fn act(&mut self) {
        match self.dice.below(26) {
            0..5 => self.upload().await,
            5..9 => self.send().await,
            9 | 10 => self.recall_or_restore().await,
            11 | 12 => self.edit().await,
            13 | 14 => self.change_avatar(true).await,
            15 | 16 => self.change_avatar(false).await,
            17 | 18 => self.erase().await,
            19 => self.erase_user().await,
            20 | 21 => self.schedule().await,
            22 | 23 => self.cancel_scheduled().await,
            _ => self.delete().await,
        }
    }

    async fn upload(&mut self) {
        let is_image = self.dice.below(2) > 0;
        let mut bytes = if is_image { PNG.to_vec() } else { Vec::new() };
        bytes.resize(bytes.len() + self.dice.below(3_000), 7);
        let request = json!({ "name": "a", "type": "text/plain", "size": bytes.len() });
        let answer = self.post("/v1/files", request, 201).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        let is_stored = self.dice.below(5) > 0;
        if is_stored {
            let path = format!("/v1/files/{id}/content");
            let body = ("application/octet-stream", bytes);
            let user = (self.user.as_str(), "");
            let (status, answer) = self.system.call(user, Method::PUT, &path, body).await;
            assert_eq!(status, 200, "{answer}");
        }
        self.model.files.push(ModelFile {
            id,
            is_stored,
            is_image,
            is_deleted: false,
            is_erased: false,
        });
    }

    /// Uploads files until the last of them is an image; returns its id.
    async fn upload_image(&mut self) -> String {
        loop {
            self.upload().await;
            let last = self.model.files.last();
            if let Some(image) = last.filter(|file| file.is_image && file.is_stored) {
                return image.id.clone();
            }
        }
    }

    fn pick_file(&mut self) -> Option<usize> {
        let count = self.model.files.len();
        (count > 0).then(|| self.dice.below(count))
    }

    fn pick_message(&mut self) -> Option<usize> {
        let count = self.model.messages.len();
        (count > 0).then(|| self.dice.below(count))
    }

    async fn send(&mut self) {
        let Some(file) = self.pick_file() else { return };
        let key = format!(
            "m{}-{}",
            self.model.messages.len(),
            self.dice.below(1 << 30)
        );
        let body = json!({ "client_message_id": key, "type": "file",
                           "body": { "file": self.model.files[file].id } });
        let is_usable = self.model.is_usable(file);
        let path = format!("/v1/conversations/{}/messages", self.group);
        self.post(&path, body, if is_usable { 201 } else { 422 })
            .await;
        if is_usable {
            self.model.messages.push(ModelMessage {
                file,
                is_recalled: false,
                is_erased: false,
            });
        }
    }

    /// It is never sent: nothing here sends what is due.
    async fn schedule(&mut self) {
        let Some(file) = self.pick_file() else { return };
        let is_usable = self.model.is_usable(file);
        let path = format!("/v1/conversations/{}/messages", self.group);
        let body = json!({ "client_message_id": format!("s{}", self.dice.below(1 << 30)),
                           "type": "file", "body": { "file": self.model.files[file].id },
                           "send_at": "2100-06-01T00:00:00Z" });
        let expected = if is_usable { 202 } else { 422 };
        let answer = self.post(&path, body, expected).await;
        if is_usable {
            let id = answer["scheduled_id"].as_str().unwrap().to_owned();
            self.model.scheduled.push(ModelScheduled { id, file });
        }
    }

    async fn cancel_scheduled(&mut self) {
        let count = self.model.scheduled.len();
        if count == 0 {
            return;
        }
        let cancelled = self.dice.below(count);
        let cancelled = self.model.scheduled.swap_remove(cancelled);
        let path = format!("/v1/scheduled/{}", cancelled.id);
        let (status, answer) = self.json(Method::DELETE, &path, &json!({})).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn recall_or_restore(&mut self) {
        let Some(seq) = self.pick_message() else {
            return;
        };
        let path = self.message(seq);
        let message = self.model.messages[seq].clone();
        if !message.is_recalled {
            let (status, answer) = self.json(Method::DELETE, &path, &json!({})).await;
            assert_eq!(status, 200, "{answer}");
            self.model.messages[seq].is_recalled = true;
            return;
        }
        let is_gone = !self.model.is_usable(message.file);
        let may_restore = !message.is_erased && !is_gone;
        let expected = if may_restore { 200 } else { 422 };
        self.post(&format!("{path}/restore"), json!({}), expected)
            .await;
        self.model.messages[seq].is_recalled = !may_restore;
    }

    async fn edit(&mut self) {
        let (Some(seq), Some(file)) = (self.pick_message(), self.pick_file()) else {
            return;
        };
        let to = (self.dice.below(3) > 0).then_some(file);
        let caption = format!("caption {}", self.dice.below(1 << 30));
        let body = match to {
            Some(file) => json!({ "file": self.model.files[file].id, "text": caption }),
            None => json!({ "text": caption }),
        };
        let message = &self.model.messages[seq];
        let may_edit = !message.is_recalled && to.is_none_or(|file| file == message.file);
        let path = self.message(seq);
        let (status, answer) = self
            .json(Method::PUT, &path, &json!({ "body": body }))
            .await;
        assert_eq!(status, if may_edit { 200 } else { 422 }, "{answer}");
    }

    /// Changes the avatar of the user, or of the group.
    async fn change_avatar(&mut self, of_user: bool) {
        let to = if self.dice.below(4) == 0 {
            None
        } else {
            self.pick_file()
        };
        let old = if of_user {
            self.model.avatar_of_user
        } else {
            self.model.avatar_of_group
        };
        let is_possible = |file| self.model.is_usable(file) && self.model.files[file].is_image;
        let may_change = to == old || to.is_none_or(is_possible);
        let path = if of_user {
            "/v1/users/me".to_owned()
        } else {
            format!("/v1/conversations/{}", self.group)
        };
        let change = json!({ "avatar": to.map(|file| self.model.files[file].id.clone()) });
        let (status, answer) = self.json(Method::PATCH, &path, &change).await;
        assert_eq!(status, if may_change { 200 } else { 422 }, "{answer}");
        if may_change && of_user {
            self.model.avatar_of_user = to;
        } else if may_change {
            self.model.avatar_of_group = to;
        }
    }

    async fn set_avatar(&self, path: &str, avatar: &str) {
        let change = json!({ "avatar": avatar });
        let (status, answer) = self.json(Method::PATCH, path, &change).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn erase_user(&mut self) {
        // Only the read model says which files the user has.
        self.system.wait_until_projected().await;
        let request = json!({ "user": self.user });
        self.request_erasure(&request).await;
        self.model.erase_user();
    }

    async fn request_erasure(&self, request: &Value) {
        let body = ("application/json", request.to_string().into_bytes());
        let path = "/v1/admin/erasures";
        let admin = ("root", "admin");
        let (status, answer) = self.system.call(admin, Method::POST, path, body).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn erase(&mut self) {
        let Some(seq) = self.pick_message() else {
            return;
        };
        let request = json!({ "conversation_id": self.group, "seq": seq + 1 });
        self.request_erasure(&request).await;
        self.model.erase_message(seq);
    }

    async fn delete(&mut self) {
        let Some(file) = self.pick_file() else { return };
        let path = format!("/v1/files/{}", self.model.files[file].id);
        let (status, answer) = self.json(Method::DELETE, &path, &json!({})).await;
        let expected = match (self.model.files[file].is_deleted, self.model.is_used(file)) {
            (true, _) => 404,
            (false, true) => 409,
            (false, false) => 200,
        };
        assert_eq!(status, expected, "{answer}");
        self.model.files[file].is_deleted |= status == 200;
    }
}

async fn stored_files(system: &TestSystem) -> BTreeSet<String> {
    let objects = system
        .store
        .list()
        .map_ok(|object| object.key.file().to_string());
    objects.try_collect().await.unwrap()
}

fn expected_files(histories: &[History<'_>]) -> BTreeSet<String> {
    let models = histories.iter();
    models
        .flat_map(|history| history.model.stored().map(str::to_owned))
        .collect()
}

/// Names only what differs: there are thousands of files.
fn expect_equal(stored: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(stored).take(5).collect();
    let surplus: Vec<_> = stored.difference(expected).take(5).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:?}, surplus {surplus:?} of {}",
        expected.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_has_what_a_model_says_after_random_histories() {
    let system = TestSystem::start("histories").await;
    let mut histories = Vec::new();
    for number in 0..HISTORIES {
        histories.push(History::begin(&system, number).await);
    }
    for round in 0..ACTS {
        for history in &mut histories {
            history.act().await;
        }
        if round % 4 == 3 {
            system.step().await;
            for history in &mut histories {
                history.model.step();
            }
            expect_equal(&stored_files(&system).await, &expected_files(&histories));
        }
    }
    // Steps take at most some hundred files each, so that none takes long.
    while system.step().await > 0 {}
    system.advance(DAY);
    while system.step().await > 0 {}
    for history in &mut histories {
        history.model.expire();
    }
    let expected = expected_files(&histories);
    assert!(
        expected.len() > 100,
        "only {} files are used",
        expected.len()
    );
    expect_equal(&stored_files(&system).await, &expected);
    assert!(system.verify().await.is_equal());
    system.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_with_its_last_message() {
    let system = TestSystem::start("last-message").await;
    let mut history = History::begin(&system, 0).await;
    while history.model.messages.is_empty() {
        history.upload().await;
        history.send().await;
    }
    let count = async || stored_files(&system).await.len();
    let all = count().await;
    system.step().await;
    system.advance(DAY);
    system.step().await;
    assert_eq!(count().await, 1, "of {all}, the used one stays");
    let (status, _) = history
        .json(Method::DELETE, &history.message(0), &json!({}))
        .await;
    assert_eq!(status, 200);
    system.step().await;
    system.advance(ALMOST_A_DAY);
    system.step().await;
    assert_eq!(count().await, 1, "a second is missing");
    system.advance(Duration::from_secs(1));
    system.step().await;
    assert_eq!(count().await, 0);
    let restore = format!("{}/restore", history.message(0));
    let refused = history.post(&restore, json!({}), 422).await;
    assert_eq!(refused["code"], "file_deleted");
    system.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_avatar_is_deleted_after_a_day_and_an_erased_one_at_once() {
    let system = TestSystem::start("avatars").await;
    let mut history = History::begin(&system, 0).await;
    let mut images = Vec::new();
    for _ in 0..3 {
        images.push(history.upload_image().await);
    }
    let group = format!("/v1/conversations/{}", history.group);
    history.set_avatar("/v1/users/me", &images[0]).await;
    history.set_avatar(&group, &images[1]).await;
    system.step().await;
    system.advance(DAY);
    system.step().await;
    let ids = |ids: &[&String]| ids.iter().copied().cloned().collect::<BTreeSet<_>>();
    assert_eq!(stored_files(&system).await, ids(&[&images[0], &images[1]]));
    let gone = json!({ "avatar": images[2] });
    let (_, refused) = history.json(Method::PATCH, "/v1/users/me", &gone).await;
    assert_eq!(refused["code"], "file_not_ready");
    let delete = format!("/v1/files/{}", images[0]);
    let (_, refused) = history.json(Method::DELETE, &delete, &json!({})).await;
    assert_eq!(refused["code"], "file_in_use");

    let address = "https://example.com/group.png";
    history.set_avatar(&group, address).await;
    system.step().await;
    system.advance(ALMOST_A_DAY);
    system.step().await;
    assert_eq!(stored_files(&system).await, ids(&[&images[0], &images[1]]));
    system.advance(Duration::from_secs(1));
    system.step().await;
    assert_eq!(stored_files(&system).await, ids(&[&images[0]]));

    // Another avatar follows, and the erasure of the user deletes the earlier one too.
    let last = history.upload_image().await;
    history.set_avatar("/v1/users/me", &last).await;
    system.wait_until_projected().await;
    let request = json!({ "user": history.user });
    history.request_erasure(&request).await;
    system.step().await;
    assert_eq!(stored_files(&system).await, ids(&[]));
    assert!(system.verify().await.is_equal());
    system.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_removes_what_a_crash_has_left() {
    let system = TestSystem::start("sweep").await;
    let mut history = History::begin(&system, 3).await;
    while stored_files(&system).await.is_empty() {
        history.upload().await;
    }
    let before = stored_files(&system).await;
    // The bytes of an upload whose process ended before the event.
    let stray = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a";
    let key = file_store::UploadKey::parse(stray).unwrap();
    let mut staged = system.store.staging().resume(key, 5, true).await.unwrap();
    staged.append(b"stray").await.unwrap();
    let completed = staged.complete().await.unwrap();
    let object = file_store::ObjectKey::new(key, &completed.sha256).unwrap();
    system.store.put(&object, &completed).await.unwrap();
    assert_eq!(system.verify().await.orphaned, [object.to_string()]);
    assert_eq!(system.collector.sweep().await.unwrap(), 1);
    assert_eq!(stored_files(&system).await, before);
    system.close().await;
}

/// The object that the bytes of a file become.
async fn put(system: &TestSystem, id: &str, bytes: &[u8]) -> file_store::ObjectKey {
    let key = file_store::UploadKey::parse(id).unwrap();
    let staged = system.store.staging().resume(key, bytes.len() as u64, true);
    let mut staged = staged.await.unwrap();
    staged.append(bytes).await.unwrap();
    let completed = staged.complete().await.unwrap();
    let object = file_store::ObjectKey::new(key, &completed.sha256).unwrap();
    system.store.put(&object, &completed).await.unwrap();
    object
}

/// A process ends between the bytes and the event. The next attempt of the client, which has other
/// bytes, or the expiry of the upload decides what becomes of them; until then a sweep, also one of
/// another process, leaves them alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_leaves_what_an_upload_may_still_complete() {
    let system = TestSystem::start("unfinished").await;
    let history = History::begin(&system, 5).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = json!({ "name": "a", "type": "text/plain", "size": 5 });
        let answer = history.post("/v1/files", request, 201).await;
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        put(&system, id, b"first").await;
    }
    assert_eq!(system.collector.sweep().await.unwrap(), 0);
    assert!(system.verify().await.is_equal(), "they are no orphans");
    let path = format!("/v1/files/{}/content", ids[0]);
    let other = ("application/octet-stream", b"other".to_vec());
    let user = (history.user.as_str(), "");
    let (status, _) = system.call(user, Method::PUT, &path, other).await;
    assert_eq!(status, 200);
    assert_eq!(system.verify().await.orphaned.len(), 1);
    assert_eq!(system.collector.sweep().await.unwrap(), 1);
    assert_eq!(stored_files(&system).await, ids.iter().cloned().collect());
    system.step().await;
    system.advance(DAY);
    while system.step().await > 0 {}
    assert_eq!(system.collector.sweep().await.unwrap(), 1);
    assert_eq!(stored_files(&system).await, BTreeSet::new());
    assert!(system.verify().await.is_equal());
    system.close().await;
}
