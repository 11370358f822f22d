//! What nobody else learns of a service session: notes and tags are for agents only, and all of it
//! is hidden from strangers and agents of other desks: by every route, live, and in exports.

use serde_json::json;
use tests::client::Client;
use tests::desks::{act, head, open_session, set_desk};
use tests::live::LiveSocket;
use tests::routes::{ROUTES, SESSION};
use tests::token;
use tests::world::World;

const NOTE: &str = "xylophone";
const TAG: &str = "quagmire";
const TEXT: &str = "zeppelin";

/// Everything that the queries of the table, searches and the sync feed answer to a user.
async fn everything(world: &World, client: &Client, session: &str, conversation: &str) -> String {
    let position = head(world).await;
    let mut answers = Vec::new();
    let queries = ROUTES.iter().filter(|route| !route.is_command());
    let mut paths: Vec<String> = queries
        .filter(|route| route.template != "/v1/live")
        .map(|route| route.path(conversation).replace(SESSION, session))
        .collect();
    for word in [NOTE, TAG, TEXT] {
        paths.push(format!("/v1/search?q={word}"));
    }
    paths.extend([
        "/v1/inbox/entries?limit=500".to_owned(),
        format!("/v1/conversations/{conversation}/messages?after=0&limit=200"),
        "/v1/desks/sales/sessions?limit=200".to_owned(),
        "/v1/users?q=c".to_owned(),
    ]);
    for path in paths {
        let separator = if path.contains('?') { '&' } else { '?' };
        let with_position = format!("{path}{separator}min_position={position}");
        let mut answer = client.get(&with_position).await;
        if answer.status == 400 {
            // Not every query has the parameter.
            answer = client.get(&path).await;
        }
        answers.push(String::from_utf8_lossy(&answer.body).into_owned());
    }
    answers.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_other_desks_are_never_there() {
    // Given a session with a note and a tag, and people who must not see them
    let world = World::start().await;
    let admin = world.admin();
    set_desk(&admin, "billing", &["ben", "dora"], json!({})).await;
    set_desk(&admin, "sales", &["gus"], json!({})).await;
    let (ben, cleo) = (world.user("ben"), world.user("cleo"));
    let (stranger, other_agent) = (world.user("eve"), world.user("gus"));
    let address = world.address();
    let mut live = Vec::new();
    for name in ["cleo", "eve", "gus"] {
        let socket = LiveSocket::open(&address, &token::for_user(name), "").await;
        live.push(socket.expect("a connection"));
    }
    let opened = open_session(&cleo, "billing", TEXT).await;
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    act(&ben, &opened.id, "notes", json!({ "text": NOTE }))
        .await
        .expect(200);
    act(&ben, &opened.id, "tags", json!({ "tags": [TAG] }))
        .await
        .expect(200);
    let moved = json!({"agent": "dora", "note": format!("{NOTE} again")});
    act(&ben, &opened.id, "transfer", moved).await.expect(200);
    let dora = world.user("dora");
    dora.send(&opened.conversation, "r", "Yes?")
        .await
        .expect(201);

    // When each of them asks for everything, then it is not there
    let seen = everything(&world, &cleo, &opened.id, &opened.conversation).await;
    assert!(seen.contains(TEXT) && seen.contains(&opened.id), "{seen}");
    assert_none(&seen, &[NOTE, TAG]);
    for client in [&stranger, &other_agent] {
        let seen = everything(&world, client, &opened.id, &opened.conversation).await;
        assert_none(&seen, &[NOTE, TAG, TEXT, "cleo", &opened.id]);
    }

    // And none of their acts is carried out
    for client in [&stranger, &other_agent] {
        refuse_stranger(client, &opened.id).await;
    }
    refuse_customer(&cleo, &opened.id).await;

    // And live delivery has brought none of it
    let end = cleo.send(&opened.conversation, "end", "bye").await;
    end.expect(201);
    live[0].wait_for_position(end.position()).await;
    let entries = format!("{:?}", live[0].entries);
    assert!(entries.contains("session_transferred"), "{entries}");
    assert_none(&entries, &[NOTE, TAG]);
    for (socket, client) in live[1..].iter_mut().zip([&stranger, &other_agent]) {
        let own = client
            .create_group(&format!("of-{}", client.user()), &[])
            .await;
        socket.wait_for_position(own.position()).await;
        let entries = format!("{:?}", socket.entries);
        assert_none(&entries, &[NOTE, TAG, TEXT, &opened.id]);
    }

    // And the export of the customer has none of it
    let exported = world.run_ok(&["export-user", "cleo"]).await;
    assert!(
        exported.contains(TEXT) && exported.contains(&opened.id),
        "{exported}"
    );
    assert_none(&exported, &[NOTE, TAG]);
    let exported = world.run_ok(&["export-user", "ben"]).await;
    assert!(exported.contains(NOTE), "{exported}");
}

async fn refuse_stranger(client: &Client, session: &str) {
    for (what, body) in [
        ("accept", json!({})),
        ("transfer", json!({"agent": "gus"})),
        ("close", json!({})),
        ("notes", json!({"text": "mine"})),
        ("tags", json!({"tags": ["mine"]})),
        ("rating", json!({"score": 1})),
        ("transfer", json!({})),
        ("notes", json!({"text": ""})),
    ] {
        let answer = act(client, session, what, body).await;
        assert_eq!(answer.expect_problem(404), "not_found", "{what}");
    }
}

async fn refuse_customer(client: &Client, session: &str) {
    for (what, body) in [
        ("accept", json!({})),
        ("transfer", json!({"agent": "ben"})),
        ("notes", json!({"text": "mine"})),
        ("tags", json!({"tags": ["mine"]})),
    ] {
        let answer = act(client, session, what, body).await;
        assert_eq!(answer.expect_problem(403), "forbidden", "{what}");
    }
}

fn assert_none(seen: &str, words: &[&str]) {
    for word in words {
        let found = seen.lines().find(|line| line.contains(word));
        assert_eq!(found, None, "{word}");
    }
}
