//! Tamper evidence: what is done to the log behind the program's back is found, with its position, in the
//! database and in an export.

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

/// The exit code, and the positions that were found.
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

async fn change(world: &World, sql: &str) {
    sqlx::raw_sql(sql)
        .execute(&world.pool)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_to_the_log_is_found_where_it_was_done() {
    let (world, last) = sealed_world().await;
    let (code, found, said) = verify(&world, &[]).await;
    assert_eq!((code, found.len()), (Some(0), 0), "{said}");
    assert!(said.contains(&format!("\"sealed_to\":{last}")), "{said}");
    change(&world, "CREATE TABLE saved AS SELECT * FROM log.events; CREATE TABLE seals AS SELECT * FROM log.seals").await;
    let put_back = "DELETE FROM log.events; INSERT INTO log.events SELECT * FROM saved;
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
        change(&world, sql).await;
        let (code, found, said) = verify(&world, &[]).await;
        assert_eq!((code, &found), (Some(1), &positions), "{said}");
        change(&world, put_back).await;
    }
    // Seals without some, and seals by somebody else.
    for sql in [
        "UPDATE log.seals SET sealed_at = sealed_at + interval '1 second' WHERE number = 1",
        "UPDATE log.seals SET digests = set_byte(digests, 0, 1 # get_byte(digests, 0)) WHERE number = 1",
    ] {
        change(&world, sql).await;
        let (code, _, said) = verify(&world, &[]).await;
        assert!(code == Some(1) && said.contains("seal 1"), "{said}");
        change(&world, put_back).await;
    }
    let stranger = "00".repeat(32);
    let (code, _, said) = verify(&world, &["--public-key", &stranger]).await;
    assert!(
        code == Some(1) && said.contains("not a trusted key"),
        "{said}"
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
    let (code, _, said) = verify(&world, &["--export", &path]).await;
    assert!(
        code == Some(0) && said.contains(&format!("\"events\":{last}")),
        "{said}"
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
        let (code, found, said) = verify(&world, &["--export", &path]).await;
        assert_eq!((code, found), (Some(1), vec![position]), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_that_were_made_anew_are_not_those_that_were_copied() {
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
    world.stop();
    // Somebody who has the database and the key changes an event, and seals everything anew.
    change(&world, "UPDATE log.events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'was', 'is'), 'UTF8');
                    DELETE FROM log.seals").await;
    let data = world.dir.join("data").display().to_string();
    let aside = world.dir.join("aside.jsonl").display().to_string();
    let sealed = world
        .run(&["log", "seal", "--data", &data, "--seal-copy", &aside])
        .await;
    assert!(
        sealed.status.success(),
        "{}",
        String::from_utf8_lossy(&sealed.stderr)
    );
    assert_eq!(verify(&world, &[]).await.0, Some(0));
    let (code, _, said) = verify(&world, &["--copies", &copies]).await;
    assert!(
        code == Some(1) && said.contains("differs from the copied seal"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_are_delivered_to_somebody_outside_until_they_are_accepted() {
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
        let is_nth = |it: &ReceivedDelivery| it.accepted && it.json()["data"]["number"] == n;
        let copy = receiver.wait_for(&format!("seal {n}"), is_nth).await.json();
        assert_eq!(
            (&copy["type"], &copy["data"]["salts"]),
            (&"tidings.seal.v1".into(), &"".into())
        );
        copies += &format!("{}\n", copy["data"]);
    }
    assert!(receiver.received().len() > 3, "the first was sent again");
    let file = world.dir.join("copies.jsonl");
    std::fs::write(&file, &copies).expect("written");
    let file = file.display().to_string();
    let (code, _, said) = verify(&world, &["--copies", &file]).await;
    assert_eq!(code, Some(0), "{said}");
    std::fs::write(&file, copies.replace("\"number\":2", "\"number\":200")).expect("written");
    let (code, _, said) = verify(&world, &["--copies", &file]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("it was copied, but is missing here"),
        "{said}"
    );
}
