//! `tidings log`: reads, counts and replays events, with the same filters in each command.

use std::process::Output;

use async_nats::jetstream;
use eventually::eventually;
use futures::StreamExt;
use serde_json::{Value, json};
use tests::world::World;

/// Fills two conversations; returns the last position.
pub(crate) async fn fill_log(world: &World) -> i64 {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("a", &["bob"]).await.expect(201);
    ann.create_group("b", &["bob", "cid"]).await.expect(201);
    for n in 0..20 {
        ann.send(
            "a",
            &format!("a{n}"),
            &format!("text {n}, \"quoted\"\nand é"),
        )
        .await
        .expect(201);
        bob.send("b", &format!("b{n}"), "ann").await.expect(201);
    }
    let mention = json!({ "client_message_id": "m", "type": "text", "body": { "text": "you" }, "mentions": ["cid"] });
    ann.send_message("b", mention).await.expect(201);
    ann.delete("/v1/conversations/a/messages/3")
        .await
        .expect(200);
    bob.patch("/v1/conversations/a/preferences", json!({ "muted": true }))
        .await
        .expect(200);
    bob.read("a", 7).await.position()
}

pub(crate) async fn run_log(world: &World, arguments: &[&str]) -> Output {
    world.run(&[&["log"], arguments].concat()).await
}

/// Runs a subcommand of `tidings log` that must succeed; returns what it prints.
pub(crate) async fn run_log_ok(world: &World, arguments: &[&str]) -> String {
    world.run_ok(&[&["log"], arguments].concat()).await
}

/// The events that the API serves.
pub(crate) async fn fetch_over_http(world: &World, query: &str) -> String {
    let response = world
        .admin()
        .get(&format!("/v1/events?limit=10000&{query}"))
        .await;
    assert_eq!(response.status, 200, "{response}");
    String::from_utf8_lossy(&response.body).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_does_not_exist_is_named() {
    let world = World::start().await;
    fill_log(&world).await;
    let dir = world.dir.join("export").display().to_string();
    for command in [
        &["stats"][..],
        &["unread"],
        &["tail"],
        &["export", &dir],
        &["replay", "--subject", "again.x"],
    ] {
        let output = run_log(&world, &[command, &["--conversation", "nope"]].concat()).await;
        assert_eq!(output.status.code(), Some(1), "{command:?}: {output:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.contains("there is no conversation nope in the log"),
            "{command:?}: {error}"
        );
    }
    let counted = run_log_ok(&world, &["stats", "--conversation", "a"]).await;
    assert!(
        counted.contains("20 messages of 1 user in 1 conversation\n"),
        "{counted}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_filters_select_the_same_events_in_the_terminal_and_over_http() {
    let world = World::start().await;
    let last = fill_log(&world).await;
    let all = fetch_over_http(&world, "").await;
    assert_eq!(all.lines().count() as i64, last);
    assert_eq!(
        run_log_ok(&world, &["tail", "--json", "--after", "0"]).await,
        all
    );
    for (arguments, query) in [
        (
            vec!["--type", "message_recalled,conversation_read"],
            "type=message_recalled,conversation_read",
        ),
        (vec!["--conversation", "b"], "source=/conversations/b"),
        (vec!["--user", "cid"], "user=cid"),
        (
            vec!["--user", "ann", "--type", "message_sent"],
            "user=ann&type=message_sent",
        ),
        (vec!["--up-to", "7"], "up_to=7"),
        (
            vec!["--until", "2001-01-01T00:00:00Z"],
            "until=2001-01-01T00:00:00Z",
        ),
        (
            vec!["--by", "sent_at", "--since", "2001-01-01T00:00:00Z"],
            "by=sent_at&since=2001-01-01T00:00:00Z",
        ),
    ] {
        let mut call = vec!["tail", "--json", "--after", "0"];
        call.extend(arguments);
        let lines = run_log_ok(&world, &call).await;
        assert_eq!(lines, fetch_over_http(&world, query).await, "{query}");
    }
    // The filter looks for the user, not for the word.
    let of_ann = fetch_over_http(&world, "user=ann&type=message_sent").await;
    assert_eq!(of_ann.lines().count(), 21);
    assert_eq!(fetch_over_http(&world, "user=cid").await.lines().count(), 2);
    let three = run_log_ok(&world, &["tail", "-n", "3"]).await;
    assert_eq!(three.lines().count(), 3);
    assert!(
        three
            .lines()
            .last()
            .unwrap_or_default()
            .contains("conversation_read"),
        "{three}"
    );
    let one = run_log_ok(&world, &["show", &last.to_string()]).await;
    let one: Value = serde_json::from_str(&one).expect("JSON");
    assert_eq!(
        (&one["position"], &one["data"]["read_seq"]),
        (&last.into(), &7.into())
    );
    for (arguments, code) in [
        (vec!["show", "100000"], 1),
        (vec!["show", "0"], 2),
        (vec!["tail", "--type", "nonsense"], 2),
        (vec!["tail", "--since", "yesterday"], 2),
        (vec!["tail", "--conversation", "a b"], 2),
        (vec!["tail", "--by", "day"], 2),
    ] {
        assert_eq!(
            run_log(&world, &arguments).await.status.code(),
            Some(code),
            "{arguments:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_not_an_error() {
    let world = World::start().await;
    fill_log(&world).await;
    let mut command = tokio::process::Command::new("sh");
    let call = format!(
        "'{}' log tail --json --after 0 | head -n 1",
        tests::binary::path().display()
    );
    let output = command
        .args(["-c", &call])
        .envs(world.env())
        .output()
        .await
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_count_the_events_and_draw_them() {
    let world = World::start().await;
    let last = fill_log(&world).await;
    let html = world.dir.join("stats.html");
    let stats = run_log_ok(
        &world,
        &["stats", "--json", "--html", html.to_str().expect("UTF-8")],
    )
    .await;
    let stats: Value = serde_json::from_str(&stats).expect("JSON");
    assert_eq!(
        (&stats["events"], &stats["up_to"]),
        (&last.into(), &last.into())
    );
    assert_eq!(
        (&stats["types"][0]["name"], &stats["types"][0]["events"]),
        (&"message_sent".into(), &41.into())
    );
    let days = stats["days"].as_array().expect("days").iter();
    assert_eq!(
        days.map(|day| day["events"].as_i64().unwrap_or(0))
            .sum::<i64>(),
        last
    );
    let page = std::fs::read_to_string(html).expect("a page");
    assert!(page.contains("<svg") && page.contains("message_sent"));
    let table = run_log_ok(&world, &["stats", "--conversation", "b"]).await;
    assert!(
        table.contains("message_sent") && !table.contains("conversation_read"),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_publishes_a_slice_again_but_not_to_the_mirror() {
    let world = World::start().await;
    let last = fill_log(&world).await;
    let nats = async_nats::connect(&world.nats.url).await.expect("NATS");
    let mut published = nats.subscribe("again.>").await.expect("subscribed");
    nats.flush().await.expect("flushed");
    let arguments = [
        "replay",
        "--subject",
        "again.all",
        "--speed",
        "max",
        "--after",
        "2",
        "--json",
    ];
    let done: Value = serde_json::from_str(&run_log_ok(&world, &arguments).await).expect("JSON");
    assert_eq!(
        (&done["events"], &done["complete"]),
        (&(last - 2).into(), &true.into())
    );
    let log = fetch_over_http(&world, "after=2").await;
    for line in log.lines() {
        let message = published.next().await.expect("an event");
        assert_eq!(String::from_utf8_lossy(&message.payload), line);
    }
    // At 100 times the original speed, the order is the same.
    run_log_ok(
        &world,
        &[
            "replay",
            "--subject",
            "again.slow",
            "--speed",
            "100",
            "--type",
            "message_sent",
        ],
    )
    .await;
    for n in 0..41 {
        assert_eq!(
            published.next().await.expect("an event").subject.as_str(),
            "again.slow",
            "{n}"
        );
    }
    let mut stream = jetstream::new(nats)
        .get_stream("TIDINGS")
        .await
        .expect("the mirror");
    eventually("the mirror is at the head", async || {
        let state = &stream.info().await.ok()?.state;
        (state.last_sequence == last as u64).then_some(())
    })
    .await;
    // Subjects that are invalid, or that the program uses itself.
    for subject in [
        "tidings.events.x",
        "a b",
        "x.*",
        "TIDINGS.bell.projected",
        "$SYS.x",
        "",
    ] {
        let refused = run_log(&world, &["replay", "--subject", subject]).await;
        assert_eq!(refused.status.code(), Some(2), "{subject}");
    }
}
