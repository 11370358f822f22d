//! Rebuilding and verifying over HTTP: progress, results, one at a time, stopping, and what becomes
//! of a job whose process is killed.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::{Settings, World};

const JOBS: &str = "/v1/admin/jobs";

async fn start(admin: &Client, job: Value) -> String {
    let started = admin.post(JOBS, job).await.expect(202);
    assert_eq!(started["state"], "running");
    started["id"].as_str().expect("an id").to_owned()
}

/// Waits until the job has ended.
async fn wait_for_end(admin: &Client, id: &str) -> Value {
    eventually("the job ends", async || {
        let job = admin.get_ok(&format!("{JOBS}/{id}")).await;
        (job["state"] != "running").then_some(job)
    })
    .await
}

async fn run(admin: &Client, job: Value) -> Value {
    let id = start(admin, job).await;
    let ended = wait_for_end(admin, &id).await;
    assert_eq!(ended["state"], "done", "{ended}");
    assert!(
        ended["ended_at"].is_string() && ended["error"].is_null(),
        "{ended}"
    );
    ended["result"].clone()
}

async fn filled_world() -> World {
    let settings = Settings::default().with("TIDINGS_SEAL_EVERY", "1s");
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let last = ann.send_texts("room", "noodles", 20).await;
    world.wait_until_projected(last).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_commands_do_runs_over_http_with_the_same_result() {
    let world = filled_world().await;
    let admin = world.admin();
    for of in ["read_models", "search"] {
        let found = run(&admin, json!({"kind": "verify", "of": of})).await;
        assert_eq!(found["equal"], true, "{of}: {found}");
        assert_eq!(found["differences"], json!([]), "{of}");
        let rebuilt = run(&admin, json!({"kind": "rebuild", "of": of})).await;
        assert_eq!(rebuilt["comparison"]["equal"], true, "{of}: {rebuilt}");
    }
    let printed = world.run_ok(&["verify", "--json"]).await;
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    let found = run(&admin, json!({"kind": "verify", "of": "read_models"})).await;
    let fields = |value: &Value| -> Vec<String> {
        let object = value.as_object().expect("an object");
        object.keys().cloned().collect()
    };
    assert_eq!(fields(&found), fields(&printed));
    // A kept version is where a rebuild can begin.
    let kept = json!({"kind": "rebuild", "of": "read_models", "keep": true});
    run(&admin, kept).await;
    let from_kept = json!({"kind": "rebuild", "of": "read_models", "from": "kept"});
    let rebuilt = run(&admin, from_kept.clone()).await;
    assert!(rebuilt["start_position"].as_i64() > Some(0), "{rebuilt}");
    let id = start(&admin, from_kept).await;
    let failed = wait_for_end(&admin, &id).await;
    assert_eq!(failed["state"], "failed", "{failed}");
    assert!(
        failed["error"]
            .as_str()
            .is_some_and(|error| error.contains("kept")),
        "{failed}"
    );
    let listed = admin.get_ok(JOBS).await;
    assert_eq!(listed["jobs"][0]["id"], id, "the newest comes first");
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_and_manipulations_are_results() {
    let world = filled_world().await;
    let admin = world.admin();
    let seals = eventually("everything is sealed", async || {
        let seals = admin.get_ok("/v1/admin/seals").await;
        (seals["sealed"] == seals["head"]).then_some(seals)
    })
    .await;
    let newest = &seals["seals"][0];
    assert_eq!(newest["last"], seals["head"], "{seals}");
    assert_eq!(newest["public_key"], seals["own_key"], "{seals}");
    let page = admin.get_ok("/v1/admin/seals?limit=1").await;
    assert_eq!(page["seals"].as_array().map(Vec::len), Some(1));
    let verified = run(&admin, json!({"kind": "verify", "of": "seals"})).await;
    assert_eq!(
        (&verified["findings"], &verified["trusted"]),
        (&json!(0), &json!(true))
    );
    sqlx::raw_sql(
        "UPDATE log.events
            SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'noodles', 'needles'),
                                     'UTF8')
          WHERE position = 5;
         UPDATE read.conversations SET head_seq = head_seq + 1",
    )
    .execute(&world.pool)
    .await
    .expect("a manipulation");
    let found = run(&admin, json!({"kind": "verify", "of": "seals"})).await;
    assert_eq!(found["findings"], 1, "{found}");
    assert_eq!(found["first_findings"][0]["position"], 5, "{found}");
    let found = run(&admin, json!({"kind": "verify", "of": "read_models"})).await;
    assert_eq!(found["equal"], false, "{found}");
    let tables = found["differences"].as_array().expect("a list").iter();
    let tables: Vec<&Value> = tables.map(|difference| &difference["table"]).collect();
    assert!(tables.contains(&&json!("conversations")), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_runs_at_a_time_and_can_be_stopped() {
    let world = filled_world().await;
    let admin = world.admin();
    for (job, field) in [
        (json!({"kind": "rebuild", "of": "seals"}), "of"),
        (
            json!({"kind": "verify", "of": "search", "keep": true}),
            "keep",
        ),
        (
            json!({"kind": "verify", "of": "search", "from": "log"}),
            "from",
        ),
    ] {
        let refused = admin.post(JOBS, job).await;
        assert_eq!(refused.expect_problem(422), "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], field);
    }
    // The served read models stay locked, so the job waits.
    let mut blocker = world.pool.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM read.checkpoint FOR UPDATE")
        .execute(&mut *blocker)
        .await
        .expect("a lock");
    let verify = json!({"kind": "verify", "of": "read_models"});
    let id = start(&admin, verify.clone()).await;
    let refused = admin.post(JOBS, verify.clone()).await;
    assert_eq!(refused.expect_problem(409), "job_running");
    eventually("progress is shown", async || {
        let job = admin.get_ok(&format!("{JOBS}/{id}")).await;
        (job["done"].as_i64() > Some(0) && job["done"] == job["total"]).then_some(())
    })
    .await;
    let stopping = admin.delete(&format!("{JOBS}/{id}")).await.expect(202);
    assert_eq!(stopping["stop_requested"], true);
    let stopped = wait_for_end(&admin, &id).await;
    assert_eq!(
        (&stopped["state"], &stopped["result"]),
        (&json!("stopped"), &Value::Null)
    );
    blocker.rollback().await.expect("a rollback");
    // Stopping it again changes nothing, and the next one runs.
    let again = admin.delete(&format!("{JOBS}/{id}")).await.expect(200);
    assert_eq!(again["state"], "stopped");
    let found = eventually("the locks of the stopped job end", async || {
        let id = start(&admin, verify.clone()).await;
        let ended = wait_for_end(&admin, &id).await;
        (ended["state"] == "done").then_some(ended)
    })
    .await;
    assert_eq!(found["result"]["equal"], true, "{found}");
    for path in [format!("{JOBS}/x"), format!("{JOBS}/{}", uuid::Uuid::nil())] {
        assert_eq!(admin.get(&path).await.expect_problem(404), "not_found");
        assert_eq!(admin.delete(&path).await.expect_problem(404), "not_found");
    }
    let audit = admin.get_ok("/v1/admin/audit?limit=200").await;
    let acts: Vec<&Value> = audit["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["target"] == "verify read_models")
        .map(|entry| &entry["act"])
        .collect();
    assert_eq!(acts[..3], ["job_started", "job_stopped", "job_started"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_process_is_killed_is_interrupted() {
    let mut world = filled_world().await;
    let admin = world.admin();
    let mut blocker = world.pool.begin().await.expect("a transaction");
    sqlx::query("SELECT FROM read.checkpoint FOR UPDATE")
        .execute(&mut *blocker)
        .await
        .expect("a lock");
    let rebuild = json!({"kind": "rebuild", "of": "read_models"});
    let id = start(&admin, rebuild.clone()).await;
    eventually("the job reports", async || {
        let job = admin.get_ok(&format!("{JOBS}/{id}")).await;
        (job["done"].as_i64() > Some(0)).then_some(())
    })
    .await;
    world.kill();
    blocker.rollback().await.expect("a rollback");
    world.start_service().await;
    let interrupted = wait_for_end(&admin, &id).await;
    assert_eq!(interrupted["state"], "interrupted", "{interrupted}");
    let rebuilt = eventually("the locks of the killed process end", async || {
        let id = start(&admin, rebuild.clone()).await;
        let ended = wait_for_end(&admin, &id).await;
        (ended["state"] == "done").then_some(ended)
    })
    .await;
    let result = &rebuilt["result"];
    assert_eq!(result["comparison"]["equal"], true, "{rebuilt}");
    assert!(
        result["start_position"].as_i64() > Some(0),
        "it continues: {rebuilt}"
    );
}
