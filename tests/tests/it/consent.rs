//! Consent: who may begin a direct conversation with a user, and add them to a group.

use serde_json::{Value, json};
use tests::api_document::ApiDocument;
use tests::client::Client;
use tests::feed;
use tests::live::LiveSocket;
use tests::response::ApiResponse;
use tests::token;
use tests::world::{Settings, World};

async fn set(client: &Client, settings: Value) -> i64 {
    let set = client.patch("/v1/users/me/settings", settings).await;
    set.expect(200);
    set.position()
}

/// Lets only contacts add the user to groups.
async fn be_asked(client: &Client) {
    set(client, json!({ "groups_from": "contacts" })).await;
}

async fn befriend(one: &Client, other: &Client) {
    for (user, peer) in [(one, other), (other, one)] {
        let path = format!("/v1/contacts/{}", peer.user());
        user.put(&path, None).await.expect(200);
    }
}

async fn add(client: &Client, group: &str, users: &[&str]) -> ApiResponse {
    let path = format!("/v1/conversations/{group}/members");
    client.post(&path, json!({ "members": users })).await
}

async fn begin_direct(client: &Client, peer: &str) -> ApiResponse {
    let direct = json!({ "kind": "direct", "members": [peer] });
    client.post("/v1/conversations", direct).await
}

/// The groups to which a user is invited.
async fn invitations(client: &Client) -> Vec<String> {
    let page = client.get_ok("/v1/invitations").await;
    let list = page["invitations"].as_array().expect("a list").iter();
    list.map(|one| {
        one["conversation_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    })
    .collect()
}

/// Type and data of the entries that belong to no conversation.
async fn private_entries(client: &Client, up_to: i64) -> Vec<(String, Value)> {
    let entries = feed::read_all(client, 100, up_to).await.into_iter();
    let private = entries.filter(|entry| entry["conversation_id"].is_null());
    private
        .map(|entry| {
            let kind = entry["type"].as_str().unwrap_or_default().to_owned();
            (kind, entry["data"].clone())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_contacts_begin_a_direct_conversation_with_who_wants_that() {
    let world = World::start().await;
    let [ann, bob, cleo] = ["ann", "bob", "cleo"].map(|user| world.user(user));
    // An earlier conversation continues.
    let earlier = cleo.create_direct("bob").await;
    set(&bob, json!({ "direct_from": "contacts" })).await;
    begin_direct(&cleo, "bob").await.expect(200);
    cleo.send(&earlier, "k", "still here").await.expect(201);
    assert_eq!(
        begin_direct(&ann, "bob").await.expect_problem(403),
        "not_a_contact"
    );
    // A request is not enough.
    ann.put("/v1/contacts/bob", None).await.expect(200);
    assert_eq!(
        begin_direct(&ann, "bob").await.expect_problem(403),
        "not_a_contact"
    );
    bob.put("/v1/contacts/ann", None).await.expect(200);
    begin_direct(&ann, "bob").await.expect(201);
    bob.delete("/v1/contacts/ann").await.expect(200);
    begin_direct(&ann, "bob").await.expect(200);
    // The user's own conversations are not restricted, and a block comes first.
    begin_direct(&bob, "zoe").await.expect(201);
    bob.put("/v1/blocks/dan", None).await.expect(200);
    let dan = begin_direct(&world.user("dan"), "bob").await;
    assert_eq!(dan.expect_problem(403), "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_has_a_default_for_users_who_have_not_chosen() {
    let settings = Settings::default().with("TIDINGS_GROUPS_FROM", "contacts");
    let world = World::start_with(settings).await;
    let [ann, bob, cleo, dan] = ["ann", "bob", "cleo", "dan"].map(|user| world.user(user));
    // Given a user who has chosen anyone, one who has chosen something else, and a contact,
    set(&bob, json!({ "groups_from": "anyone" })).await;
    set(&cleo, json!({ "last_seen": false })).await;
    befriend(&ann, &dan).await;
    // when a user creates a group with them,
    let group = json!({ "kind": "group", "id": "choir", "title": "Choir",
                        "members": ["bob", "cleo", "dan", "eve"] });
    let created = ann.post("/v1/conversations", group).await;
    // then those who have not chosen are invited, except contacts,
    let body = created.expect(201);
    assert_eq!(
        (&body["added"], &body["invited"]),
        (&json!(["bob", "dan"]), &json!(["cleo", "eve"]))
    );
    let added = add(&ann, "choir", &["zoe"]).await;
    assert_eq!(added.expect(200)["invited"], json!(["zoe"]));
    // and each user reads what applies to them.
    let own = format!("/v1/users/me?min_position={}", added.position());
    let eve = world.user("eve");
    for (user, expected) in [
        (&bob, "anyone"),
        (&cleo, "contacts"),
        (&dan, "contacts"),
        (&eve, "contacts"),
    ] {
        let settings = &user.get_ok(&own).await["settings"];
        assert_eq!(settings["groups_from"], expected, "{}", user.user());
    }
    let exported = world.run_ok(&["export-user", "bob"]).await;
    let profile = exported.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        (line["kind"] == "profile").then_some(line)
    });
    assert_eq!(profile.expect("a profile")["groups_from_chosen"], true);
    world.run_ok(&["verify"]).await;
}

/// Checks the first invitation of a user: by ann, to a group with the title Choir and two members.
async fn assert_invited_to_choir(invited: &Client) {
    let page = invited.get_ok("/v1/invitations").await;
    let invitation = &page["invitations"][0];
    assert_eq!(invitation["conversation_id"], "choir", "{page}");
    assert_eq!(
        (
            &invitation["title"],
            &invitation["by"],
            &invitation["member_count"]
        ),
        (&json!("Choir"), &json!("ann"), &json!(2))
    );
    assert!(invitation["at"].is_string() && page["next"].is_null());
}

async fn assert_choir_is_hidden(client: &Client) {
    for path in ["", "/messages", "/members"] {
        let hidden = client.get(&format!("/v1/conversations/choir{path}")).await;
        hidden.expect_problem(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_be_asked_is_invited_and_joins() {
    let world = World::start().await;
    let [ann, bob, cleo, zoe] = ["ann", "bob", "cleo", "zoe"].map(|user| world.user(user));
    be_asked(&bob).await;
    let group = json!({ "kind": "group", "id": "choir", "title": "Choir",
                        "members": ["bob", "cleo"] });
    let created = ann.post("/v1/conversations", group).await;
    let body = created.expect(201);
    assert_eq!(
        (&body["added"], &body["invited"]),
        (&json!(["cleo"]), &json!(["bob"]))
    );
    ann.send("choir", "k1", "secret").await.expect(201);
    let again = add(&ann, "choir", &["bob"]).await;
    let nothing = again.expect(200);
    assert_eq!(
        (&nothing["added"], &nothing["invited"]),
        (&json!([]), &json!([]))
    );
    world.wait_until_projected(again.position()).await;
    assert_invited_to_choir(&bob).await;
    // Until bob joins, the group is hidden from him; his invitation is hidden from everybody else.
    assert_choir_is_hidden(&bob).await;
    let members = ann.get_ok("/v1/conversations/choir/members").await;
    assert!(!members.to_string().contains("bob"));
    for user in [&ann, &cleo, &zoe] {
        assert_eq!(invitations(user).await, [""; 0]);
        let entries = private_entries(user, created.position()).await;
        assert_eq!(entries, [], "{}", user.user());
    }
    zoe.put("/v1/invitations/choir", None)
        .await
        .expect_problem(404);
    bob.put("/v1/invitations/none", None)
        .await
        .expect_problem(404);
    let joined = bob.put("/v1/invitations/choir", None).await;
    joined.expect(200);
    let again = bob.put("/v1/invitations/choir", None).await;
    assert_eq!(again.expect(200)["position"], joined.position());
    world.wait_until_projected(joined.position()).await;
    assert_eq!(invitations(&bob).await, [""; 0]);
    bob.get_ok("/v1/conversations/choir/messages").await;
    let invited = json!({ "id": "choir", "by": "ann", "title": "Choir" });
    let ended = json!({ "id": "choir", "outcome": "joined" });
    assert_eq!(
        private_entries(&bob, joined.position()).await,
        [
            ("invited".to_owned(), invited),
            ("invitation_ended".to_owned(), ended)
        ]
    );
    // A contact adds him at once.
    befriend(&zoe, &bob).await;
    let added = zoe.create_group("team", &["bob"]).await;
    assert_eq!(added.expect(201)["added"], json!(["bob"]));
    world.wait_until_projected(added.position()).await;
    bob.get_ok("/v1/conversations/team").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_declined_or_withdrawn_and_can_be_repeated() {
    let world = World::start().await;
    let [ann, bob, cleo] = ["ann", "bob", "cleo"].map(|user| world.user(user));
    be_asked(&bob).await;
    ann.create_group("choir", &["cleo"]).await.expect(201);
    let invite = async || add(&ann, "choir", &["bob"]).await.expect(200);
    assert_eq!(invite().await["invited"], json!(["bob"]));
    let declined = bob.delete("/v1/invitations/choir").await;
    let again = bob.delete("/v1/invitations/choir").await;
    assert_eq!(again.expect(200)["position"], declined.position());
    bob.put("/v1/invitations/choir", None)
        .await
        .expect_problem(404);
    assert_eq!(invite().await["invited"], json!(["bob"]));
    let path = "/v1/conversations/choir/invitations/bob";
    cleo.delete(path).await.expect_problem(403);
    bob.delete(path).await.expect_problem(404);
    let withdrawn = ann.delete(path).await;
    let again = ann.delete(path).await;
    assert_eq!(again.expect(200)["position"], withdrawn.position());
    bob.put("/v1/invitations/choir", None)
        .await
        .expect_problem(404);
    world.wait_until_projected(withdrawn.position()).await;
    assert_eq!(invitations(&bob).await, [""; 0]);
    let entries = private_entries(&bob, withdrawn.position()).await;
    let outcomes: Vec<_> = entries.iter().map(|(_, data)| &data["outcome"]).collect();
    let (none, no_title) = (
        Value::Null,
        json!({"id": "choir", "by": "ann", "title": null}),
    );
    let expected = [&none, &json!("declined"), &none, &json!("withdrawn")];
    assert_eq!(outcomes, expected, "{entries:?}");
    // The title is not served to a user who is no longer invited.
    assert_eq!(entries[0].1, no_title);
    // A contact who adds him ends the invitation.
    assert_eq!(invite().await["invited"], json!(["bob"]));
    befriend(&ann, &bob).await;
    let added = add(&ann, "choir", &["bob"]).await;
    assert_eq!(added.expect(200)["added"], json!(["bob"]));
    world.wait_until_projected(added.position()).await;
    assert_eq!(invitations(&bob).await, [""; 0]);
    let entries = private_entries(&bob, added.position()).await;
    let ended = json!({ "id": "choir", "outcome": "joined" });
    assert_eq!(
        entries.last(),
        Some(&("invitation_ended".to_owned(), ended))
    );
}

const CHOIR_INVITATIONS: &str = "/v1/conversations/choir/invitations";

/// Who is invited to the choir, and by whom, as of a position.
async fn pending(client: &Client, position: i64) -> Vec<(Value, Value)> {
    let path = format!("{CHOIR_INVITATIONS}?min_position={position}");
    let page = client.get_ok(&path).await;
    let list = page["invitations"].as_array().expect("a list").iter();
    list.map(|one| (one["user"].clone(), one["by"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_invite_lists_the_invitations_that_wait() {
    let world = World::start().await;
    let [ann, bob, cleo, zoe] = ["ann", "bob", "cleo", "zoe"].map(|user| world.user(user));
    for user in [&bob, &zoe, &world.user("yan")] {
        be_asked(user).await;
    }
    // Given three invitations of two inviters, one of whom is blocked by who is invited
    ann.create_group("choir", &["bob", "dan"]).await.expect(201);
    let admins = json!({ "users": ["cleo"], "role": "admin" });
    ann.post("/v1/conversations/choir/members", admins)
        .await
        .expect(200);
    zoe.put("/v1/blocks/ann", None).await.expect(200);
    add(&ann, "choir", &["zoe"]).await.expect(200);
    let last = add(&cleo, "choir", &["yan"]).await;
    let of = |user: &str, by: &str| (json!(user), json!(by));
    let all = [of("bob", "ann"), of("zoe", "ann"), of("yan", "cleo")];
    // Then the owner and admins see all, oldest first; the block does not show
    for user in [&ann, &cleo] {
        assert_eq!(pending(user, last.position()).await, all, "{}", user.user());
    }
    let first = ann.get_ok(&format!("{CHOIR_INVITATIONS}?limit=2")).await;
    ApiDocument::fetch(&world.anonymous())
        .await
        .check("PendingInvitations", &first);
    let next = first["next"].as_str().expect("a cursor");
    let rest = format!("{CHOIR_INVITATIONS}?limit=2&after={next}");
    assert_eq!(ann.get_ok(&rest).await["invitations"][0]["user"], "yan");
    cleo.get(&rest).await.expect_problem(400);
    // Nobody else does
    let dan = world.user("dan").get(CHOIR_INVITATIONS).await;
    assert_eq!(dan.expect_problem(403), "forbidden");
    for outsider in [&bob, &world.user("eve")] {
        outsider.get(CHOIR_INVITATIONS).await.expect_problem(404);
    }
    // When they are withdrawn, declined and accepted, then none is left
    let withdraw = format!("{CHOIR_INVITATIONS}/yan");
    ann.delete(&withdraw).await.expect(200);
    let declined = zoe.delete("/v1/invitations/choir").await.position();
    assert_eq!(pending(&ann, declined).await, [of("bob", "ann")]);
    let joined = bob.put("/v1/invitations/choir", None).await.position();
    assert_eq!(pending(&ann, joined).await, []);
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_of_a_blocked_user_are_not_shown() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    be_asked(&bob).await;
    bob.put("/v1/blocks/ann", None).await.expect(200);
    ann.create_group("choir", &["bob"]).await.expect(201);
    let path = "/v1/conversations/choir/invitations/bob";
    let withdrawn = ann.delete(path).await.position();
    let invited = add(&ann, "choir", &["bob"]).await;
    assert_eq!(invited.expect(200)["invited"], json!(["bob"]));
    assert!(invited.position() > withdrawn);
    world.wait_until_projected(invited.position()).await;
    assert_eq!(invitations(&bob).await, [""; 0]);
    assert_eq!(private_entries(&bob, invited.position()).await, []);
    bob.put("/v1/invitations/choir", None)
        .await
        .expect_problem(404);
    // It is listed when the block has ended.
    let lifted = bob.delete("/v1/blocks/ann").await.position();
    world.wait_until_projected(lifted).await;
    assert_eq!(invitations(&bob).await, ["choir"]);
    bob.put("/v1/invitations/choir", None).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_delivery_equals_sync_and_a_rebuild_equals_both() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    be_asked(&bob).await;
    let mut live = LiveSocket::open(&world.address(), &token::for_user("bob"), "after=0")
        .await
        .expect("opened");
    live.wait_until_caught_up().await;
    let group = json!({ "kind": "group", "id": "choir", "title": "Choir", "members": ["bob"] });
    ann.post("/v1/conversations", group).await.expect(201);
    let joined = bob.put("/v1/invitations/choir", None).await.position();
    live.wait_for_position(joined).await;
    world.wait_until_projected(joined).await;
    assert_eq!(live.entries, feed::read_all(&bob, 100, joined).await);
    // Erasing the title erases it from the invitation.
    let title = json!({ "conversation_id": "choir" });
    let erased = world.admin().post("/v1/admin/erasures", title).await;
    world.wait_until_projected(erased.position()).await;
    let entries = feed::read_all(&bob, 100, erased.position()).await;
    assert!(!json!(entries).to_string().contains("Choir"), "{entries:?}");
    world.run_ok(&["verify"]).await;
    world.run_ok(&["log", "verify"]).await;
}
