//! Tamper evidence: any manipulation of the log is found with its position, in the database and in
//! an export.

use std::sync::atomic::{AtomicUsize, Ordering};

use eventually::eventually;
use serde_json::Value;
use tests::receiver::{ReceivedDelivery, ReceiverReply, SECRET, WebhookReceiver};
use tests::world::{Settings, World};

async fn sealed_world() -> (World, i64) {
    let world = World::start_with(Settings::default().with("TIDINGS_SEAL_EVERY", "1s")).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut last = 0;
    for n in 0..40 {
        last = ann
            .send("c", &n.to_string(), &format!("text {n}"))
            .await
            .position();
    }
    eventually("everything is sealed", async || {
        let sealed: Option<i64> = sqlx::query_scalar("SELECT max(last) FROM log.seals")
            .fetch_one(&world.pool)
            .await
            .ok()?;
        (sealed == Some(last)).then_some(())
    })
    .await;
    (world, last)
}

/// Runs `tidings log verify`; returns the exit code, the positions that it reports, and its output.
async fn verify(world: &World, more: &[&str]) -> (Option<i32>, Vec<i64>, String) {
    let data = world.dir.join("data").display().to_string();
    let arguments = [&["log", "verify", "--json", "--data", &data], more].concat();
    let output = world.run(&arguments).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let positions = lines.filter_map(|line| line["position"].as_i64()).collect();
    (output.status.code(), positions, format!("{text}{error}"))
}

async fn execute(world: &World, sql: &str) {
    sqlx::raw_sql(sql)
        .execute(&world.pool)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manipulation_of_the_log_is_found_at_its_position() {
    let (world, last) = sealed_world().await;
    let (code, found, output) = verify(&world, &[]).await;
    assert_eq!((code, found.len()), (Some(0), 0), "{output}");
    assert!(
        output.contains(&format!("\"sealed_to\":{last}")),
        "{output}"
    );
    execute(&world, "CREATE TABLE saved AS SELECT * FROM log.events; CREATE TABLE seals AS SELECT * FROM log.seals").await;
    let restore = "DELETE FROM log.events; INSERT INTO log.events SELECT * FROM saved;
                    DELETE FROM log.seals; INSERT INTO log.seals SELECT * FROM seals";
    for (sql, positions) in [
        (
            "UPDATE log.events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'text 8', 'text 9'), 'UTF8') WHERE position = 10",
            vec![10],
        ),
        (
            "UPDATE log.events SET occurred_at = occurred_at - interval '1 hour' WHERE position = 7",
            vec![7],
        ),
        ("DELETE FROM log.events WHERE position = 12", vec![12]),
        (
            "UPDATE log.events SET position = -position WHERE position IN (20, 21);
          UPDATE log.events SET position = 41 + position WHERE position IN (-20, -21)",
            vec![20, 21],
        ),
    ] {
        execute(&world, sql).await;
        let (code, found, output) = verify(&world, &[]).await;
        assert_eq!((code, &found), (Some(1), &positions), "{output}");
        execute(&world, restore).await;
    }
    // Manipulated seals, and seals of an unknown key.
    for sql in [
        "UPDATE log.seals SET sealed_at = sealed_at + interval '1 second' WHERE number = 1",
        "UPDATE log.seals SET digests = set_byte(digests, 0, 1 # get_byte(digests, 0)) WHERE number = 1",
    ] {
        execute(&world, sql).await;
        let (code, _, output) = verify(&world, &[]).await;
        assert!(code == Some(1) && output.contains("seal 1"), "{output}");
        execute(&world, restore).await;
    }
    let unknown_key = "00".repeat(32);
    let (code, _, output) = verify(&world, &["--public-key", &unknown_key]).await;
    assert!(
        code == Some(1) && output.contains("not a trusted key"),
        "{output}"
    );
    assert_eq!(verify(&world, &[]).await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_verified_without_the_database() {
    let (world, last) = sealed_world().await;
    let dir = world.dir.join("export");
    let path = dir.display().to_string();
    let exported = world.run(&["log", "export", &path]).await;
    assert!(exported.status.success());
    let (code, _, output) = verify(&world, &["--export", &path]).await;
    assert!(
        code == Some(0) && output.contains(&format!("\"events\":{last}")),
        "{output}"
    );
    let manifest: Value = serde_json::from_str(
        &std::fs::read_to_string(dir.join("manifest.json")).expect("a manifest"),
    )
    .expect("JSON");
    let file = dir.join(manifest["parts"][0]["path"].as_str().expect("a part"));
    let text = std::fs::read_to_string(&file).expect("lines");
    let lines: Vec<&str> = text.lines().collect();
    let changed = text.replace("text 30", "text 31");
    let mut removed = lines.clone();
    removed.remove(14);
    for (text, position) in [(changed, 32), (removed.join("\n"), 15)] {
        std::fs::write(&file, text).expect("written");
        let (code, found, output) = verify(&world, &["--export", &path]).await;
        assert_eq!((code, found), (Some(1), vec![position]), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_not_trusted_without_a_key() {
    // Given an export of a sealed log, on a machine that has only the export
    let (world, _) = sealed_world().await;
    let dir = world.dir.join("export");
    let path = dir.display().to_string();
    world.run_ok(&["log", "export", &path]).await;
    let data = world.dir.join("data").display().to_string();
    let key = world.run_ok(&["log", "key", "--data", &data]).await;
    let key = key.trim();
    assert_eq!(key.len(), 64, "{key}");
    let elsewhere = world.dir.join("elsewhere").display().to_string();
    let verify_elsewhere = async |more: &[&str]| {
        let fixed = ["log", "verify", "--export", &path, "--data", &elsewhere];
        world.run(&[&fixed[..], more].concat()).await
    };
    // When it is verified without a key, then nothing is found, but nothing vouches for it;
    let output = verify_elsewhere(&[]).await;
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = format!("signed by {key}, which nothing here vouches for");
    assert!(printed.contains(&expected), "{printed}");
    let output = verify_elsewhere(&["--json"]).await;
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&summary["trusted"], &summary["signed_by"][0]),
        (&false.into(), &key.into())
    );
    // with the key of the system it is trusted.
    let output = verify_elsewhere(&["--public-key", key]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let missing = world.run(&["log", "key", "--data", &elsewhere]).await;
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_that_were_created_again_differ_from_their_copies() {
    let mut world = World::stopped(Settings::default()).await;
    let copy = world.dir.join("copies.jsonl");
    let copies = copy.display().to_string();
    world.set_env("TIDINGS_SEAL_COPY", &copies);
    world.set_env("TIDINGS_SEAL_EVERY", "1s");
    world.start_service().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.send("c", "1", "as it was").await.expect(201);
    eventually("a seal was copied", async || {
        let text = std::fs::read_to_string(&copy).ok()?;
        text.contains("\"last\":2").then_some(())
    })
    .await;
    assert_eq!(verify(&world, &["--copies", &copies]).await.0, Some(0));
    // A power loss has cut a line short. The next seal begins a line of its own.
    let whole = std::fs::read_to_string(&copy).expect("the copies");
    std::fs::write(&copy, whole + "{\"number\":2,\"fir").expect("written");
    ann.send("c", "2", "again").await.expect(201);
    eventually("the next seal was copied", async || {
        let text = std::fs::read_to_string(&copy).ok()?;
        text.contains("\"last\":3").then_some(())
    })
    .await;
    eventually("the copied seal is in the log", async || {
        let (code, _, _) = verify(&world, &["--copies", &copies]).await;
        (code == Some(0)).then_some(())
    })
    .await;
    world.stop();
    // An attacker with the database and the key changes an event and seals the whole log again.
    execute(&world, "UPDATE log.events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'was', 'is'), 'UTF8');
                    DELETE FROM log.seals").await;
    let data = world.dir.join("data").display().to_string();
    let other_copies = world.dir.join("other.jsonl").display().to_string();
    let sealed = world
        .run(&["log", "seal", "--data", &data, "--seal-copy", &other_copies])
        .await;
    assert!(
        sealed.status.success(),
        "{}",
        String::from_utf8_lossy(&sealed.stderr)
    );
    assert_eq!(verify(&world, &[]).await.0, Some(0));
    let (code, _, output) = verify(&world, &["--copies", &copies]).await;
    assert!(
        code == Some(1) && output.contains("differs from the copied seal"),
        "{output}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_are_delivered_to_a_receiver_until_they_are_accepted() {
    let receiver = WebhookReceiver::start().await;
    let failures = AtomicUsize::new(0);
    receiver.reply_with(move |_| match failures.fetch_add(1, Ordering::Relaxed) {
        0 => ReceiverReply::Status(500),
        _ => ReceiverReply::Status(204),
    });
    let settings = Settings::default()
        .with("TIDINGS_SEAL_EVERY", "1s")
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_SEAL_WEBHOOK", receiver.url())
        .with("TIDINGS_SEAL_WEBHOOK_SECRET", SECRET);
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut copies = String::new();
    for n in 1..=3 {
        ann.send("c", &n.to_string(), "something to seal")
            .await
            .expect(201);
        let is_nth = |delivery: &ReceivedDelivery| {
            delivery.accepted && delivery.json()["data"]["number"] == n
        };
        let copy = receiver.wait_for(&format!("seal {n}"), is_nth).await.json();
        assert_eq!(
            (&copy["type"], &copy["data"]["salts"]),
            (&"tidings.seal.v1".into(), &"".into())
        );
        copies += &format!("{}\n", copy["data"]);
    }
    assert!(
        receiver.received().len() > 3,
        "the first seal was sent again"
    );
    let file = world.dir.join("copies.jsonl");
    std::fs::write(&file, &copies).expect("written");
    let file = file.display().to_string();
    let (code, _, output) = verify(&world, &["--copies", &file]).await;
    assert_eq!(code, Some(0), "{output}");
    std::fs::write(&file, copies.replace("\"number\":2", "\"number\":200")).expect("written");
    let (code, _, output) = verify(&world, &["--copies", &file]).await;
    assert_eq!(code, Some(1), "{output}");
    assert!(
        output.contains("it was copied, but is missing here"),
        "{output}"
    );
}
