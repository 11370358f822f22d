//! docs/operations.md: the lines in the log of a process from its start to its end.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::http_client;
use tests::ports;
use tests::service::ServiceProcess;
use tests::single_machine::SingleMachine;
use tests::world::{Settings, World, create_dir};

/// The origin of a page that a developer serves on this machine.
const LOCAL_PAGE: &str = "http://localhost:9000";

/// The lines of the log so far. The announcement on standard output is no JSON.
fn read_log(machine: &SingleMachine) -> Vec<Value> {
    let log = std::fs::read_to_string(machine.dir.join("up.log")).expect("a log");
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The only line with this text.
fn line(machine: &SingleMachine, text: &str) -> Value {
    let lines = read_log(machine);
    let mut found = lines.iter().filter(|line| line["message"] == text);
    match (found.next(), found.next()) {
        (Some(line), None) => line.clone(),
        _ => panic!("not once: {text} in {lines:?}"),
    }
}

/// Lines that an operator would have to look at.
fn warnings(machine: &SingleMachine) -> Vec<Value> {
    let mut lines = read_log(machine);
    lines.retain(|line| line["level"] == "WARN" || line["level"] == "ERROR");
    lines
}

/// Asks as a page of another origin would. Returns the origin whose pages may see the answer.
async fn ask_from(address: &str, origin: &str) -> Option<String> {
    let url = format!("http://{address}/v1/inbox");
    let request = http_client().get(url).header("origin", origin);
    let answer = request.send().await.expect("an answer");
    let allowed = answer.headers().get("access-control-allow-origin");
    allowed.map(|origin| origin.to_str().expect("ASCII").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_says_what_happens_to_it_and_a_first_start_has_no_warning() {
    // Given a new system that has served a message and found it,
    let settings = Settings::default()
        .with("TIDINGS_LOG", "info")
        .with("TIDINGS_LOG_FORMAT", "json");
    let mut machine = SingleMachine::start(&settings).await;
    let ann = machine.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send("room", "key", "hello").await.expect(201);
    eventually("the message is found", async || {
        let found = ann.get("/v1/search?q=hello").await;
        let hits = found.json()["hits"].as_array().map(Vec::len);
        (hits == Some(1)).then_some(())
    })
    .await;
    // then it has said that it has started, and nothing that reads like a fault.
    let started = line(&machine, "started");
    assert_eq!(started["role"], "up", "{started}");
    assert_eq!(
        started["address"],
        format!("http://{}", machine.address()),
        "{started}"
    );
    for field in ["version", "postgres", "nats"] {
        let value = started[field].as_str().expect("a text");
        assert!(value.starts_with(|c: char| c.is_ascii_digit()), "{started}");
    }
    assert_eq!(warnings(&machine), Vec::<Value>::new());
    // A page of an origin that is not allowed has one line, however often it asks.
    let elsewhere = "http://elsewhere.example";
    for origin in [elsewhere, elsewhere, LOCAL_PAGE] {
        let allowed = ask_from(&machine.address(), origin).await;
        let expected = Some(origin).filter(|origin| *origin == LOCAL_PAGE);
        assert_eq!(allowed.as_deref(), expected, "{origin}");
    }
    let refused = warnings(&machine);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["origin"], elsewhere);
    let said = refused[0]["message"].as_str().expect("a text");
    assert!(said.contains("--allowed-origins"), "{said}");
    assert!(said.contains("TIDINGS_ALLOWED_ORIGINS"), "{said}");
    // An erasure says who asked for what.
    let order = json!({ "conversation_id": "room", "seq": 1 });
    let erased = machine.admin().post("/v1/admin/erasures", order).await;
    erased.expect(200);
    let erasure = line(&machine, "erased content");
    assert_eq!(erasure["by"], "admin", "{erasure}");
    assert_eq!(erasure["conversation"], "room", "{erasure}");
    assert_eq!(erasure["seq"], 1, "{erasure}");
    assert_eq!(erasure["messages"], 1, "{erasure}");
    // The end has a line with its duration.
    machine.stop();
    assert!(line(&machine, "stopped")["seconds"].is_f64());
    assert_eq!(warnings(&machine).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_whole_system_allows_pages_of_its_machine() {
    let world = World::start().await;
    let port = ports::find_free();
    let started = ServiceProcess::start("query-api", port, &create_dir(), &world.env()).await;
    let _service = started.expect("the query service starts");
    let allowed = ask_from(&world.address(), LOCAL_PAGE).await;
    assert_eq!(allowed.as_deref(), Some(LOCAL_PAGE));
    assert_eq!(
        ask_from(&format!("127.0.0.1:{port}"), LOCAL_PAGE).await,
        None
    );
}
