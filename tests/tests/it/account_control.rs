//! Local accounts: what operators and administrators do about them.

use eventually::eventually;
use serde_json::{Value, json};
use tests::world::World;

use crate::accounts::{PASSWORD, open, register, sign_in, with_token};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_opens_resets_and_closes_accounts() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    // Given a user who is there already, and has no password,
    world
        .user("ann")
        .create_group("room", &["bob"])
        .await
        .expect(201);
    // an operator opens an account for the user,
    let printed = world.run_ok(&["account", "add", "ann"]).await;
    let password = |text: &str| {
        let last = text.split_whitespace().last().expect("a password");
        last.to_owned()
    };
    let first = password(&printed);
    let signed_in = sign_in(&anonymous, "ann", &first).await.expect(201);
    let ann = with_token(&anonymous, &signed_in);
    assert!(!world.run(&["account", "add", "ann"]).await.status.success());
    // which an access request names without its hash,
    let output = world.run(&["export-user", "ann"]).await;
    let [exported, said] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    let count = format!("{} lines about ann", exported.lines().count());
    assert!(said.contains(&count), "{said}");
    let line = exported.lines().find(|line| line.contains("\"account\""));
    let line: Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    assert_eq!(
        (&line["kind"], &line["is_open"]),
        (&json!("account"), &json!(true))
    );
    assert!(!exported.contains("argon2"), "{exported}");
    // sets another password when the user has forgotten it, which ends the earlier tokens,
    let printed = world.run_ok(&["account", "reset-password", "ann"]).await;
    let second = password(&printed);
    sign_in(&anonymous, "ann", &first).await.expect_problem(401);
    sign_in(&anonymous, "ann", &second).await.expect(201);
    eventually("the earlier token is revoked", async || {
        (ann.get("/v1/inbox").await.status == 401).then_some(())
    })
    .await;
    // and closes it. The user id stays taken.
    let close = ["account", "close", "ann", "--yes"];
    world.run_ok(&close).await;
    sign_in(&anonymous, "ann", &second)
        .await
        .expect_problem(401);
    register(&anonymous, "ann", PASSWORD)
        .await
        .expect_problem(409);
    let missing = world.run(&["account", "reset-password", "nobody"]).await;
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_opens_an_account_while_that_is_switched_off() {
    // Given a user with an account
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    register(&anonymous, "dora", PASSWORD).await.expect(201);
    // When an administrator switches signing up off,
    let off = json!({ "on": false, "reason": "robots" });
    let path = "/v1/admin/switches/signup";
    world.admin().put(path, Some(off)).await.expect(200);
    // then no account is opened, but accounts sign in.
    let mut attempt = 0;
    eventually("nobody can open an account", async || {
        attempt += 1;
        let refused = register(&anonymous, &format!("eve{attempt}"), PASSWORD).await;
        if refused.status == 201 {
            return None;
        }
        assert_eq!(refused.expect_problem(503), "switched_off");
        assert!(!refused.header("retry-after").is_empty());
        Some(())
    })
    .await;
    sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
}
