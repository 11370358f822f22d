//! Events as webhooks: delivered at least once, in order per conversation, signed and replayable,
//! and never to a forbidden address. The receiver checks the signatures with the reference library.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eventually::eventually;
use serde_json::Value;
use tests::feed::cursor_position;
use tests::receiver::{ReceivedDelivery, ReceiverReply, SECRET, WebhookReceiver};
use tests::world::{Settings, World};

/// Deliveries to this machine are allowed, and a delivery is attempted three times.
fn settings() -> Settings {
    Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_TRIES", 3)
        .with("TIDINGS_WEBHOOK_SECRET", SECRET)
}

async fn webhooks(world: &World, arguments: &[&str]) -> String {
    world.run_ok(&[&["webhooks"], arguments].concat()).await
}

/// The only webhook, as listed.
async fn listed(world: &World) -> Value {
    let text = webhooks(world, &["list", "--json"]).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Waits until the webhook satisfies a condition.
async fn wait_until_webhook(
    world: &World,
    condition: &str,
    mut holds: impl FnMut(&Value) -> bool,
) -> Value {
    eventually(format!("the webhook {condition}"), async || {
        let webhook = listed(world).await;
        holds(&webhook).then_some(webhook)
    })
    .await
}

/// Sends messages to some conversations in turn; returns their positions by source, and the last.
async fn send_to(
    world: &World,
    conversations: &[&str],
    count: usize,
) -> (BTreeMap<String, Vec<i64>>, i64) {
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    let ann = world.user("ann");
    let mut sent: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut last = 0;
    for n in 0..count {
        for id in conversations {
            let key = KEYS.fetch_add(1, Ordering::Relaxed).to_string();
            last = ann.send(id, &key, &format!("text {n}")).await.position();
            let source = format!("/conversations/{id}");
            sent.entry(source).or_default().push(last);
        }
    }
    (sent, last)
}

/// The CloudEvents id of a delivered event, which is its cursor.
fn event_id(delivery: &ReceivedDelivery) -> String {
    let event = delivery.json();
    assert_eq!(cursor_position(&event["id"]), delivery.position());
    event["id"].as_str().expect("an id").to_owned()
}

async fn world_with_conversations(settings: Settings, conversations: &[&str]) -> World {
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    for id in conversations {
        ann.create_group(id, &["bob"]).await.expect(201);
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_delivered_in_order_and_can_be_replayed() {
    let world = world_with_conversations(settings(), &["a", "b", "c"]).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    let added = webhooks(&world, &["add", &url, "--events", "all", "--from", "1"]).await;
    assert!(
        added.contains("starts at position 1\nsecret  whsec_"),
        "{added}"
    );
    send_to(&world, &["a", "b", "c"], 10).await;
    let last = world.user("bob").read("a", 5).await.position();
    // The last event may be delivered before earlier ones of other conversations.
    let now = wait_until_webhook(&world, "is at the head", |webhook| {
        webhook["position"] == last
    })
    .await;
    assert_eq!(
        (&now["state"], &now["waiting"], &now["delivered"]),
        (&"on".into(), &0.into(), &last.into()),
        "{now}"
    );
    // The deliveries are byte for byte what an administrator reads.
    let log = world.admin().get("/v1/events?limit=1000").await.body;
    let log = String::from_utf8_lossy(&log).into_owned();
    let log: Vec<&str> = log.lines().collect();
    let mut bodies: Vec<(i64, String)> = Vec::new();
    for delivery in receiver.accepted() {
        let body = String::from_utf8_lossy(&delivery.body).into_owned();
        assert_eq!(delivery.id, format!("evt_{}", event_id(&delivery)));
        bodies.push((delivery.position(), body));
    }
    bodies.sort();
    assert_eq!(bodies.len(), log.len());
    assert!(
        bodies
            .iter()
            .zip(&log)
            .all(|((_, body), line)| body == line)
    );
    for positions in receiver.positions_by_source().values() {
        assert!(positions.is_sorted(), "{positions:?}");
    }
    // A replay delivers the same events again.
    let before = receiver.accepted().len();
    let from = last - 9;
    webhooks(&world, &["replay", "--from", &from.to_string()]).await;
    eventually("ten deliveries are repeated", async || {
        (receiver.accepted().len() == before + 10).then_some(())
    })
    .await;
    let mut again: Vec<i64> = receiver.accepted()[before..]
        .iter()
        .map(tests::receiver::ReceivedDelivery::position)
        .collect();
    again.sort_unstable();
    assert!(again.into_iter().eq(from..=last));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_selected_event_types_are_delivered() {
    let world = world_with_conversations(settings(), &["a"]).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    webhooks(
        &world,
        &["add", &url, "--events", "member_added,message_recalled"],
    )
    .await;
    let ann = world.user("ann");
    ann.send("a", "1", "hello").await.expect(201);
    ann.post(
        "/v1/conversations/a/members",
        serde_json::json!({ "users": ["cid"] }),
    )
    .await
    .expect(200);
    let last = ann
        .delete("/v1/conversations/a/messages/1")
        .await
        .position();
    receiver.wait_for_position(last).await;
    let types: Vec<String> = receiver
        .accepted()
        .iter()
        .map(|delivery| {
            delivery.json()["type"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(
        types,
        ["tidings.member_added.v1", "tidings.message_recalled.v1"]
    );
    let unknown = world
        .run(&["webhooks", "add", &url, "--events", "message_send"])
        .await;
    assert_eq!(unknown.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_misses_nothing_even_if_the_dispatcher_was_killed() {
    let mut world =
        world_with_conversations(settings().with("TIDINGS_WEBHOOK_TRIES", 30), &["a", "b"]).await;
    let mut receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    webhooks(&world, &["add", &url, "--events", "message_sent"]).await;
    let (mut sent, first) = send_to(&world, &["a", "b"], 3).await;
    receiver.wait_for_position(first).await;
    receiver.stop().await;
    let (more, _) = send_to(&world, &["a", "b"], 20).await;
    wait_until_webhook(&world, "has waiting events", |webhook| {
        webhook["waiting"].as_i64() >= Some(2) && webhook["error"].is_string()
    })
    .await;
    world.kill();
    world.start_service().await;
    let (rest, last) = send_to(&world, &["a", "b"], 20).await;
    receiver.restart().await;
    receiver.wait_for_position(last).await;
    for (source, positions) in more.into_iter().chain(rest) {
        sent.entry(source).or_default().extend(positions);
    }
    eventually("everything is delivered", async || {
        (receiver.positions_by_source() == sent).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_delays_only_its_own_conversation_and_is_finally_parked() {
    let world = world_with_conversations(settings(), &["good", "bad"]).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    receiver.reply_with(|delivery| {
        let is_bad = delivery.json()["data"]["body"]["text"] == "text 1"
            && delivery.source().ends_with("bad");
        ReceiverReply::Status(if is_bad { 500 } else { 200 })
    });
    webhooks(&world, &["add", &url, "--events", "message_sent"]).await;
    let (sent, last) = send_to(&world, &["bad", "good"], 4).await;
    // Other conversations are not delayed; the later events follow when the refused one is parked.
    receiver.wait_for_position(last).await;
    let bad = &sent["/conversations/bad"];
    receiver.wait_for_position(bad[3]).await;
    let without_refused = [bad[0], bad[2], bad[3]];
    assert_eq!(
        receiver.positions_by_source()["/conversations/bad"],
        without_refused
    );
    assert_eq!(
        receiver.positions_by_source()["/conversations/good"],
        sent["/conversations/good"]
    );
    let tries = receiver
        .received()
        .iter()
        .filter(|delivery| delivery.position() == bad[1])
        .count();
    assert_eq!(tries, 3);
    let parked = webhooks(&world, &["list", "--parked", "--json"]).await;
    let parked: Value = serde_json::from_str(&parked).expect("one line");
    assert_eq!(
        (&parked["position"], &parked["lane"], &parked["tries"]),
        (&bad[1].into(), &"/conversations/bad".into(), &3.into())
    );
    let now = wait_until_webhook(&world, "is at the head", |webhook| {
        webhook["position"] == last
    })
    .await;
    assert_eq!(now["parked"], 1);
    assert!(
        now["error"].as_str().unwrap_or_default().contains("500"),
        "{now}"
    );
    receiver.reply_with(|_| ReceiverReply::Status(200));
    let id = now["id"].to_string();
    webhooks(&world, &["retry", &id]).await;
    receiver.wait_for_position(bad[1]).await;
    wait_until_webhook(&world, "has nothing parked", |webhook| {
        webhook["parked"] == 0 && webhook["waiting"] == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_gets_nothing_until_it_is_enabled() {
    let world = world_with_conversations(settings(), &["a"]).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    webhooks(&world, &["add", &url, "--events", "message_sent"]).await;
    receiver.reply_with(|_| ReceiverReply::Status(410));
    let (sent, last) = send_to(&world, &["a"], 5).await;
    let gone = wait_until_webhook(&world, "is gone", |webhook| webhook["state"] == "gone").await;
    assert!(
        gone["error"].as_str().unwrap_or_default().contains("410"),
        "{gone}"
    );
    let tried = receiver.received().len();
    receiver.reply_with(|_| ReceiverReply::Status(200));
    let id = gone["id"].to_string();
    webhooks(&world, &["enable", &id]).await;
    receiver.wait_for_position(last).await;
    assert_eq!(receiver.positions_by_source(), sent);
    assert_eq!(tried, 1, "attempted again after a 410");
    webhooks(&world, &["disable", &id]).await;
    let asked = world.run(&["webhooks", "remove", &id]).await;
    assert_eq!(asked.status.code(), Some(2), "removed without consent");
    let planned = webhooks(&world, &["remove", &id, "--dry-run"]).await;
    assert!(
        planned.starts_with(&format!("this would remove webhook {id} to ")),
        "{planned}"
    );
    webhooks(&world, &["remove", &id, "--yes"]).await;
    assert_eq!(webhooks(&world, &["list", "--json"]).await, "");
    for command in ["enable", "retry", "remove"] {
        let outcome = world.run(&["webhooks", command, &id]).await;
        assert_eq!(outcome.status.code(), Some(1), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_does_not_delay_others() {
    let world = world_with_conversations(settings(), &["a", "b"]).await;
    let (slow, quick) = (
        WebhookReceiver::start().await,
        WebhookReceiver::start().await,
    );
    slow.reply_with(|_| ReceiverReply::Delayed(Duration::from_secs(3), 200));
    for receiver in [&slow, &quick] {
        webhooks(
            &world,
            &["add", &receiver.url(), "--events", "message_sent"],
        )
        .await;
    }
    let (sent, last) = send_to(&world, &["a", "b"], 2).await;
    quick.wait_for_position(last).await;
    assert!(
        slow.accepted().len() < 4,
        "the quick receiver waited for the slow one"
    );
    slow.wait_for_position(last).await;
    assert_eq!(slow.positions_by_source(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_redirects_to_allowed_addresses_are_followed() {
    let world = world_with_conversations(settings(), &["a"]).await;
    let receiver = WebhookReceiver::start().await;
    let url = receiver.url();
    let elsewhere = format!("http://{}/elsewhere", receiver.address);
    receiver.reply_with(move |delivery| {
        match (
            delivery.path.as_str(),
            delivery.json()["data"]["seq"].as_i64(),
        ) {
            ("/elsewhere", _) => ReceiverReply::Status(200),
            (_, Some(1)) => ReceiverReply::Redirect(307, elsewhere.clone()),
            (_, Some(2)) => ReceiverReply::Redirect(302, elsewhere.clone()),
            (_, Some(3)) => {
                ReceiverReply::Redirect(307, "http://169.254.169.254/latest/meta-data".to_owned())
            }
            (_, Some(4)) => ReceiverReply::Redirect(308, "http://10.0.0.1/".to_owned()),
            (_, Some(5)) => ReceiverReply::Redirect(307, "/hook".to_owned()),
            _ => ReceiverReply::Status(200),
        }
    });
    webhooks(&world, &["add", &url, "--events", "message_sent"]).await;
    let (sent, last) = send_to(&world, &["a"], 6).await;
    let sent = &sent["/conversations/a"];
    receiver.wait_for_position(last).await;
    assert_eq!(
        receiver.positions_by_source()["/conversations/a"],
        [sent[0], sent[5]]
    );
    assert!(
        receiver
            .accepted()
            .iter()
            .any(|delivery| delivery.path == "/elsewhere")
    );
    let parked = webhooks(&world, &["list", "--parked"]).await;
    let lines: Vec<&str> = parked.lines().collect();
    let reasons = [
        "302",
        "169.254.169.254 is not a public",
        "10.0.0.1 is not a public",
        "redirects",
    ];
    assert_eq!(lines.len(), reasons.len(), "{parked}");
    for (line, reason) in lines.iter().zip(reasons) {
        assert!(line.contains(reason), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_delivered_to_addresses_that_are_not_public() {
    // A private network is allowed, but this machine is not in it.
    let settings = settings().with("TIDINGS_WEBHOOK_ALLOW", "10.0.0.0/8");
    let world = world_with_conversations(settings, &["a"]).await;
    let receiver = WebhookReceiver::start().await;
    for url in [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://169.254.169.254/",
        "https://0/",
        "https://192.168.1.1/",
        "http://8.8.8.8/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://u:p@example.com/",
        "nonsense",
    ] {
        let outcome = world
            .run(&["webhooks", "add", url, "--events", "all"])
            .await;
        assert_eq!(outcome.status.code(), Some(2), "{url}");
    }
    // A host name is checked when it is resolved.
    let url = format!("http://localhost:{}/hook", receiver.address.port());
    webhooks(&world, &["add", &url, "--events", "message_sent"]).await;
    send_to(&world, &["a"], 1).await;
    let parked = wait_until_webhook(&world, "has a parked event", |webhook| {
        webhook["parked"] == 1
    })
    .await;
    let error = parked["error"].as_str().unwrap_or_default();
    assert!(error.contains("is not a public address"), "{error}");
    assert!(receiver.received().is_empty());
}

/// The metric of the only webhook, in seconds.
async fn fetch_delay(world: &World) -> Option<f64> {
    let metrics = world.anonymous().get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let id = &listed(world).await["id"];
    let name = format!("tidings_webhook_lag_seconds{{webhook=\"{id}\"}} ");
    let mut values = text.lines().filter_map(|line| line.strip_prefix(&name));
    values.next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_says_how_long_an_event_has_not_been_delivered() {
    let settings = settings()
        .with("TIDINGS_WEBHOOK_TRIES", 30)
        .with("TIDINGS_LOG", "info");
    let world = world_with_conversations(settings, &["a"]).await;
    let receiver = WebhookReceiver::start().await;
    receiver.reply_with(|_| ReceiverReply::Status(500));
    webhooks(
        &world,
        &["add", &receiver.url(), "--events", "message_sent"],
    )
    .await;
    send_to(&world, &["a"], 2).await;
    eventually("the age of an event that fails", async || {
        fetch_delay(&world).await.filter(|seconds| *seconds > 1.0)
    })
    .await;
    receiver.reply_with(|_| ReceiverReply::Status(200));
    wait_until_webhook(&world, "has nothing waiting", |webhook| {
        webhook["waiting"] == 0
    })
    .await;
    eventually("no age", async || {
        fetch_delay(&world).await.filter(|seconds| *seconds < 0.001)
    })
    .await;
    // The log has one line about all attempts that failed, and one about the end.
    let id = listed(&world).await["id"].to_string();
    let log = std::fs::read_to_string(world.dir.join("up.log")).expect("a log");
    for (text, cause) in [
        ("Delivering to the webhook failed", "500"),
        ("Delivering to the webhook works again", "seconds"),
    ] {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(text)).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains(cause), "{}", lines[0]);
        assert!(lines[0].contains(&format!("id={id}")), "{}", lines[0]);
    }
}
