//! The erasure of a user erases what they wrote with requests, and their scheduled messages.

use std::time::Duration;

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;
use uuid::Uuid;

/// Words that occur nowhere else.
struct Words {
    contact: String,
    join: String,
    report: String,
    scheduled: String,
}

impl Words {
    fn new() -> Self {
        let word = || Uuid::new_v4().simple().to_string();
        Self {
            contact: word(),
            join: word(),
            report: word(),
            scheduled: word(),
        }
    }

    fn are_in(&self, text: &str) -> Vec<bool> {
        let words = [&self.contact, &self.join, &self.report, &self.scheduled];
        words.map(|word| text.contains(word)).into()
    }
}

/// Asks bob to be a contact, asks to join cleo's group, reports bob, and schedules a message.
/// Returns the position of the last event.
async fn ask(ann: &Client, words: &Words) -> i64 {
    let note = json!({ "note": words.contact });
    ann.put("/v1/contacts/bob", Some(note)).await.expect(200);
    let note = json!({ "note": words.join });
    ann.post("/v1/conversations/room/join", note)
        .await
        .expect(202);
    let report = json!({ "reason": "spam", "note": words.report });
    let reported = ann.post("/v1/users/bob/reports", report).await;
    assert!([200, 201].contains(&reported.status), "{reported}");
    let hour = Duration::from_secs(3_600);
    ann.schedule("team", &words.scheduled, hour)
        .await
        .expect(202)["position"]
        .as_i64()
        .expect("a position")
}

/// What the three users can see of requests and scheduled messages.
async fn shown(world: &World, position: i64) -> String {
    let reads = [
        ("ann", "/v1/contacts"),
        ("bob", "/v1/contacts"),
        ("ann", "/v1/inbox/entries?limit=500"),
        ("bob", "/v1/inbox/entries?limit=500"),
        ("cleo", "/v1/inbox/entries?limit=500"),
        ("cleo", "/v1/conversations/room/join-requests"),
        ("ann", "/v1/scheduled"),
    ];
    let cases = format!("/v1/moderation/cases?min_position={position}");
    let cases = world.admin().get_ok(&cases).await;
    let case = cases["cases"][0]["id"].as_str().expect("a case");
    let case = format!("/v1/moderation/cases/{case}");
    let mut all = world.admin().get_ok(&case).await.to_string();
    for (user, path) in reads {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}min_position={position}");
        all += &world.user(user).get_ok(&path).await.to_string();
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_user_erases_their_notes_everywhere() {
    // Given requests with notes, sealed
    let world = World::start().await;
    let (ann, cleo, admin) = (world.user("ann"), world.user("cleo"), world.admin());
    ann.create_group("team", &["bob"]).await.expect(201);
    cleo.create_group("room", &[]).await.expect(201);
    let asked = json!({ "join": "asked" });
    cleo.patch("/v1/conversations/room", asked)
        .await
        .expect(200);
    let words = Words::new();
    let position = ask(&ann, &words).await;
    let before = shown(&world, position).await;
    assert_eq!(words.are_in(&before), [true; 4], "{before}");
    let data = world.dir.join("data").display().to_string();
    world.run_ok(&["log", "seal", "--data", &data]).await;

    // When an administrator erases the user
    let erase = json!({ "user": "ann" });
    let erased = admin.post("/v1/admin/erasures", erase.clone()).await;
    let erased = erased.expect(200);
    assert_eq!(erased["notes"], 3);

    // Then nobody sees the notes, and soon they are not in the log
    let position = erased["position"].as_i64().expect("a position");
    let after = shown(&world, position).await;
    assert_eq!(words.are_in(&after), [false; 4], "{after}");
    assert!(after.contains("\"outgoing\"") && after.contains("\"incoming\""));
    eventually("the notes are gone from the log", async || {
        let events = admin.get("/v1/events").await;
        let events = String::from_utf8_lossy(&events.body).into_owned();
        (words.are_in(&events) == [false; 4]).then_some(())
    })
    .await;

    // And seals, read models and a rebuild agree
    world.run_ok(&["log", "seal", "--data", &data]).await;
    world.run_ok(&["log", "verify", "--data", &data]).await;
    world.run_ok(&["verify"]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");

    // And there is nothing left to erase, until the user writes again
    let again = admin.post("/v1/admin/erasures", erase.clone()).await;
    let again = again.expect(200);
    assert_eq!(
        (&again["notes"], &again["first"]),
        (&json!(0), &Value::Null)
    );
    let newer = Words::new();
    ann.delete("/v1/contacts/bob").await.expect(200);
    let position = ask(&ann, &newer).await;
    let shown_again = shown(&world, position).await;
    // A user reports a target once.
    let expected = [true, true, false, true];
    assert_eq!(newer.are_in(&shown_again), expected, "{shown_again}");
}
