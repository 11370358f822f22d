//! `/v1/admin/storage`: what files occupy, compared with a model after each change.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::client::Client;
use tests::uploads::{reserve, send_file, upload};
use tests::world::World;

/// A file, as the test knows it.
struct ModelFile {
    uploader: &'static str,
    size: i64,
    is_stored: bool,
    uses: BTreeSet<String>,
}

/// All files by id.
#[derive(Default)]
struct ModelStorage(BTreeMap<String, ModelFile>);

/// The number of files, and their size.
type Sum = (i64, i64);

impl ModelStorage {
    fn add(&mut self, uploader: &'static str, (id, size, is_stored): (&str, usize, bool)) {
        let file = ModelFile {
            uploader,
            size: i64::try_from(size).expect("a size"),
            is_stored,
            uses: BTreeSet::new(),
        };
        self.0.insert(id.to_owned(), file);
    }

    fn uses(&mut self, id: &str) -> &mut BTreeSet<String> {
        &mut self.0.get_mut(id).expect("a file").uses
    }

    fn sum(&self, is_counted: impl Fn(&ModelFile) -> bool) -> Sum {
        let counted = self.0.values().filter(|file| is_counted(file));
        counted.fold((0, 0), |(files, bytes), file| {
            (files + 1, bytes + file.size)
        })
    }

    fn totals(&self) -> Value {
        let (files, bytes) = self.sum(|file| file.is_stored);
        let (unused_files, unused_bytes) = self.sum(|file| file.is_stored && file.uses.is_empty());
        let (uploads, upload_bytes) = self.sum(|file| !file.is_stored);
        json!({ "files": files, "bytes": bytes, "unused_files": unused_files,
                "unused_bytes": unused_bytes, "uploads": uploads, "upload_bytes": upload_bytes })
    }

    fn conversations(&self) -> BTreeMap<String, Sum> {
        let all = self.0.values().flat_map(|file| &file.uses);
        let sums = all.map(|id| (id.clone(), self.sum(|file| file.uses.contains(id))));
        sums.collect()
    }

    fn users(&self) -> BTreeMap<String, (Sum, Sum)> {
        let all = self.0.values().map(|file| file.uploader);
        let sums = all.map(|user| {
            let stored = self.sum(|file| file.uploader == user && file.is_stored);
            let expected = self.sum(|file| file.uploader == user && !file.is_stored);
            (user.to_owned(), (stored, expected))
        });
        sums.collect()
    }

    fn orphans(&self) -> BTreeMap<String, &'static str> {
        let all = self.0.iter().filter(|(_, file)| file.uses.is_empty());
        let states = all.map(|(id, file)| {
            let state = if file.is_stored { "stored" } else { "reserved" };
            (id.clone(), state)
        });
        states.collect()
    }

    /// Compares all calls with the model, once the read model has this position.
    async fn check(&self, admin: &Client, position: i64, when: &str) {
        let path = format!("/v1/admin/storage?min_position={position}");
        assert_eq!(admin.get_ok(&path).await, self.totals(), "{when}");
        for sort in ["bytes", "name"] {
            let rows = list(admin, "conversations", &format!("sort={sort}")).await;
            let found = rows
                .iter()
                .map(|row| (text(row, "id"), sum(row, "files", "bytes")));
            assert_eq!(
                found.collect::<BTreeMap<_, _>>(),
                self.conversations(),
                "{when}"
            );
            assert_sorted(&rows, sort);
            let rows = list(admin, "users", &format!("sort={sort}")).await;
            let found = rows.iter().map(|row| {
                let sums = (
                    sum(row, "files", "bytes"),
                    sum(row, "uploads", "upload_bytes"),
                );
                (text(row, "id"), sums)
            });
            assert_eq!(found.collect::<BTreeMap<_, _>>(), self.users(), "{when}");
            assert_sorted(&rows, sort);
        }
        let mut orphans = BTreeMap::new();
        for state in ["stored", "reserved"] {
            let rows = list(admin, "orphans", &format!("state={state}")).await;
            orphans.extend(rows.iter().map(|row| (text(row, "id"), state)));
        }
        assert_eq!(orphans, self.orphans(), "{when}");
        assert_eq!(
            list(admin, "orphans", "").await.len(),
            orphans.len(),
            "{when}"
        );
    }
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().expect("a text").to_owned()
}

fn sum(row: &Value, files: &str, bytes: &str) -> Sum {
    let number = |field: &str| row[field].as_i64().expect("a number");
    (number(files), number(bytes))
}

fn assert_sorted(rows: &[Value], sort: &str) {
    let key = |row: &Value| match sort {
        "bytes" => (-row["bytes"].as_i64().expect("a number"), text(row, "id")),
        _ => (0, text(row, "id")),
    };
    assert!(rows.is_sorted_by_key(key), "{sort}: {rows:?}");
}

/// Reads a list, one row a page.
async fn list(admin: &Client, name: &str, query: &str) -> Vec<Value> {
    let items = if name == "orphans" { "files" } else { name };
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/admin/storage/{name}?limit=1&{query}&after={after}");
        let page = admin.get_ok(&path).await;
        let found = page[items].as_array().expect("items");
        assert!(found.len() <= 1, "{page}");
        rows.extend_from_slice(found);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return rows,
        }
    }
}

/// Uploads files of both users. Returns the ids: of a large and a small one of ann, of one of bob,
/// of his empty one, and of one whose bytes he never sends.
async fn upload_all(ann: &Client, bob: &Client, model: &mut ModelStorage) -> [String; 5] {
    let (large, _) = upload(ann, "large", &[1; 9_000]).await;
    let (small, _) = upload(ann, "small", &[2; 10]).await;
    let (bobs, _) = upload(bob, "bobs", &[3; 500]).await;
    let (empty, _) = upload(bob, "empty", b"").await;
    let unfinished = reserve(bob, "unfinished", 70_000).await;
    model.add("ann", (&large, 9_000, true));
    model.add("ann", (&small, 10, true));
    model.add("bob", (&bobs, 500, true));
    model.add("bob", (&empty, 0, true));
    model.add("bob", (&unfinished, 70_000, false));
    [large, small, bobs, empty, unfinished]
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_is_that_of_a_model_after_every_change() {
    let world = World::start().await;
    let (ann, bob, admin) = (world.user("ann"), world.user("bob"), world.admin());
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.create_group("other", &["bob"]).await.expect(201);
    let direct = ann.create_direct("bob").await;
    let mut model = ModelStorage::default();
    model.check(&admin, 0, "at first").await;
    let [large, small, bobs, empty, unfinished] = upload_all(&ann, &bob, &mut model).await;
    let last = bob.send("room", "k", "hello").await.position();
    model.check(&admin, last, "uploaded").await;

    let mut last = 0;
    for (user, conversation, key, id) in [
        (&ann, "room", "1", &large),
        (&ann, "room", "2", &large),
        (&ann, "other", "3", &large),
        (&ann, "room", "4", &small),
        (&bob, "room", "5", &empty),
        (&bob, &direct, "6", &bobs),
    ] {
        last = send_file(user, conversation, key, id).await.position();
        model.uses(id).insert(conversation.to_owned());
    }
    model.check(&admin, last, "sent").await;
    // The first of two messages with the same file leaves a use.
    for (seq, in_use) in [(2, true), (3, false)] {
        let message = format!("/v1/conversations/room/messages/{seq}");
        last = ann.delete(&message).await.position();
        if !in_use {
            model.uses(&large).remove("room");
        }
        model.check(&admin, last, &message).await;
    }
    let restored = ann.post("/v1/conversations/room/messages/3/restore", json!({}));
    last = restored.await.position();
    model.uses(&large).insert("room".into());
    model.check(&admin, last, "restored").await;
    for (user, in_use) in [(&ann, true), (&bob, false)] {
        let clear = format!("/v1/conversations/{direct}/clear");
        last = user.post(&clear, json!({ "up_to": 1 })).await.position();
        if !in_use {
            model.uses(&bobs).clear();
        }
        model.check(&admin, last, "cleared").await;
    }
    for id in [&bobs, &unfinished] {
        last = bob.delete(&format!("/v1/files/{id}")).await.position();
        model.0.remove(id);
        model.check(&admin, last, "deleted").await;
    }
    last = admin.delete(&format!("/v1/files/{large}")).await.position();
    model.0.remove(&large);
    model.check(&admin, last, "removed").await;
    // The collection deletes an erased file soon, so it may be there still.
    let erase = json!({ "conversation_id": "room", "seq": 4 });
    let erased = admin.post("/v1/admin/erasures", erase).await.position();
    world.wait_until_projected(erased).await;
    let rows = list(&admin, "conversations", "").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(sum(&rows[0], "files", "bytes"), (1, 0), "the empty one");
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_say_when_they_are_deleted_and_wrong_parameters_are_refused() {
    let world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let (stored, position) = upload(&ann, "a.txt", b"hello").await;
    let expected = reserve(&ann, "b.txt", 5).await;
    world.wait_until_projected(position + 1).await;
    // As the collection notes it once a minute.
    sqlx::query("INSERT INTO files.unused (id, since) VALUES ($1, '2026-11-26T09:00:00Z') ON CONFLICT DO NOTHING")
        .bind(&stored)
        .execute(&world.pool)
        .await
        .expect("noted");
    let files = list(&admin, "orphans", "").await;
    assert_eq!(
        (&files[0]["id"], &files[1]["id"]),
        (&json!(stored), &json!(expected))
    );
    assert_eq!(files[0]["type"], "text/plain");
    assert!(files[0]["deleted_at"].as_str() > files[0]["unused_since"].as_str());
    let known = ann.get_ok(&format!("/v1/files/{expected}")).await;
    assert_eq!(files[1]["deleted_at"], known["expires_at"]);
    assert_eq!(files[1]["unused_since"], Value::Null);
    for (path, field) in [
        ("users?sort=size", "sort"),
        ("users?limit=0", "limit"),
        ("conversations?after=name.a", "after"),
        ("conversations?sort=name&after=bytes.1.a", "after"),
        ("orphans?after=x", "after"),
        ("orphans?state=gone", "state"),
    ] {
        let refused = admin.get(&format!("/v1/admin/storage/{path}")).await;
        refused.expect_problem(400);
        assert_eq!(refused.json()["errors"][0]["field"], field, "{path}");
    }
}
