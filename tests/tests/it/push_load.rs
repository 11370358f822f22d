//! Many messages to offline users, while the dispatcher is killed again and again: every device
//! that must get a push gets it, the last badge is the number of unread messages, and nothing is
//! pushed after a read.
//!
//! `PUSH_MESSAGES` sets the number of messages (`make push-soak`: 10,000).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use eventually::eventually_within;
use serde_json::json;
use tests::push_providers::PushProviders;
use tests::push_providers::received::{PushReply, ReceivedPush};
use tests::seed::{Rng, seed};
use tests::world::{Settings, World};

const USERS: usize = 9;
const CONVERSATIONS: usize = 6;
const DEFAULT_MESSAGES: usize = 240;

/// How often the process is killed.
const KILLS: usize = 4;

/// A push that was on its way when the user read may still arrive for so long.
const IN_FLIGHT: Duration = Duration::from_secs(2);

/// A read: the user, the conversation, the last seq, and when the read models had it.
struct Read {
    user: String,
    conversation: String,
    up_to: i64,
    at: Instant,
}

fn message_count() -> usize {
    let given = std::env::var("PUSH_MESSAGES").ok();
    given.map_or(DEFAULT_MESSAGES, |text| {
        text.parse().expect("PUSH_MESSAGES is a number")
    })
}

fn user(number: usize) -> String {
    format!("u{number}")
}

fn conversation(number: usize) -> String {
    format!("c{number}")
}

async fn start() -> (World, PushProviders) {
    let providers = PushProviders::start().await;
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_TRIES", 100)
        .with("TIDINGS_NOTIFY_WINDOW", "300ms");
    let mut world = World::stopped(Settings::default()).await;
    for (name, value) in providers.settings(&world.dir, settings).env {
        world.set_env(name, &value);
    }
    world.start_service().await;
    let ann = world.user("ann");
    let users: Vec<String> = (0..USERS).map(user).collect();
    let members: Vec<&str> = users.iter().map(String::as_str).collect();
    for number in 0..CONVERSATIONS {
        let id = conversation(number);
        ann.create_group(&id, &members).await.expect(201);
    }
    let mut last = 0;
    for (number, user) in users.iter().enumerate() {
        let body = match number % 3 {
            0 => providers.apns(user),
            1 => providers.fcm(user),
            _ => providers.browser(user),
        };
        let registered = world
            .user(user)
            .put("/v1/devices/phone/push", Some(body))
            .await;
        registered.expect(200);
        last = registered.position();
    }
    world.wait_until_projected(last).await;
    (world, providers)
}

/// Sends a message, now and then after a read of some user.
async fn send_one(world: &World, rng: &mut Rng, heads: &mut [i64], number: usize) -> Option<Read> {
    let mut read = None;
    if rng.chance(10) {
        let (who, id) = (user(rng.below(USERS)), rng.below(CONVERSATIONS));
        if heads[id] > 0 {
            let (name, up_to) = (conversation(id), heads[id]);
            let response = world.user(&who).read(&name, up_to).await;
            response.expect(200);
            world.wait_until_projected(response.position()).await;
            read = Some(Read {
                user: who,
                conversation: name,
                up_to,
                at: Instant::now(),
            });
        }
    }
    let id = rng.below(CONVERSATIONS);
    let ann = world.user("ann");
    let sent = ann
        .send(
            &conversation(id),
            &format!("m{number}"),
            &format!("text {number}"),
        )
        .await;
    sent.expect(201);
    heads[id] = sent.number("seq");
    read
}

async fn wait_until_settled(world: &World, position: i64) {
    eventually_within(Duration::from_secs(180), "no push is waiting", async || {
        let state: (i64, i64) = sqlx::query_as(
            "SELECT coalesce((SELECT position FROM push.progress), 0),
                        (SELECT count(*) FROM push.notices WHERE told_position < to_position)",
        )
        .fetch_one(&world.pool)
        .await
        .ok()?;
        (state.0 >= position && state.1 == 0).then_some(())
    })
    .await;
}

/// The highest seq that was pushed, by conversation.
fn pushed_heads(pushes: &[ReceivedPush]) -> BTreeMap<String, i64> {
    let mut heads = BTreeMap::new();
    for push in pushes {
        let id = push.payload["conversation_id"].as_str().unwrap_or_default();
        let seq = push.payload["seq"].as_i64().unwrap_or_default();
        let head = heads.entry(id.to_owned()).or_insert(0);
        *head = seq.max(*head);
    }
    heads
}

fn check_reads(providers: &PushProviders, reads: &[Read]) {
    let received = providers.received();
    for read in reads {
        let late = received.iter().find(|push| {
            push.device == read.user
                && push.payload["conversation_id"] == read.conversation.as_str()
                && push.payload["seq"].as_i64() <= Some(read.up_to)
                && push.at > read.at + IN_FLIGHT
        });
        assert!(
            late.is_none(),
            "pushed after a read up to {}: {late:?}",
            read.up_to
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_or_pushed_after_a_read_while_the_dispatcher_is_killed() {
    let mut rng = Rng::new(seed("pushes"));
    let (mut world, providers) = start().await;
    let refusals = std::sync::atomic::AtomicUsize::new(0);
    providers.reply_with(move |push| {
        // Every tenth attempt meets a provider that is not there.
        let count = refusals.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if count % 10 != 9 {
            return PushReply::accept();
        }
        let reason = if push.provider == "apns" {
            "Shutdown"
        } else {
            "UNAVAILABLE"
        };
        PushReply::refuse(503, json!({"reason": reason, "error": {"status": reason}}))
    });
    let (mut heads, mut reads) = (vec![0; CONVERSATIONS], Vec::new());
    let messages = message_count();
    for number in 0..messages {
        reads.extend(send_one(&world, &mut rng, &mut heads, number).await);
        if number % (messages / KILLS) == messages / KILLS - 1 {
            world.kill();
            world.start_service().await;
        }
    }
    // The last message of each conversation is unread by everybody.
    let mut last = 0;
    for (id, head) in heads.iter_mut().enumerate() {
        let sent = world
            .user("ann")
            .send(&conversation(id), &format!("last{id}"), "good night")
            .await;
        sent.expect(201);
        *head = sent.number("seq");
        last = sent.position();
    }
    wait_until_settled(&world, last).await;
    let expected: BTreeMap<String, i64> = heads
        .iter()
        .enumerate()
        .map(|(id, head)| (conversation(id), *head))
        .collect();
    for number in 0..USERS {
        let user = user(number);
        let pushes = providers.accepted_by(&user);
        assert_eq!(pushed_heads(&pushes), expected, "{user}");
        let unread = world.user(&user).get_ok("/v1/inbox/unread").await;
        let last = pushes.last().map(ReceivedPush::badge);
        assert_eq!(last, unread["total"].as_i64(), "{user}: the last badge");
    }
    check_reads(&providers, &reads);
    assert!(!reads.is_empty(), "no user has read");
}
