//! `tidings demo`: a company that somebody can look at a minute later, in a directory of its own.

use std::process::Command;
use std::time::Duration;

use embedded_servers::process::Signal;
use eventually::{eventually, eventually_within};
use serde_json::{Value, json};
use tests::binary;
use tests::client::http_client;
use tests::ports;
use tests::process::ChildProcess;
use tests::service::run_tidings;
use tests::world::create_dir;

/// How long a demo may take until it can be looked at.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long it may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

struct DemoProcess {
    process: ChildProcess,
    base: String,
    password: String,
}

impl DemoProcess {
    async fn start(dir: &std::path::Path, log: &str, more: &[&str]) -> Self {
        let port = ports::find_free();
        let mut command = Command::new(binary::path());
        command
            .args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(dir.join("demo"))
            .args(more)
            .env("TIDINGS_LOG", "warn");
        let log = dir.join(log);
        let process = ChildProcess::start("tidings demo", command, &log, None);
        let mut process = process.unwrap_or_else(|error| panic!("tidings demo: {error}"));
        let password = eventually_within(READY_TIMEOUT, "the demo is up", async || {
            assert!(process.is_running(), "{}", process.log_tail());
            let text = std::fs::read_to_string(&log).ok()?;
            let (_, rest) = text.split_once("sign in")?;
            rest.contains("Ctrl-C")
                .then(|| rest.split_whitespace().nth(1).map(str::to_owned))?
        })
        .await;
        Self {
            process,
            base: format!("http://127.0.0.1:{port}"),
            password,
        }
    }

    async fn sign_in(&self, user: &str) -> Value {
        let http = http_client();
        let body = json!({"user": user, "password": self.password});
        let sessions = format!("{}/v1/sessions", self.base);
        let answer = http.post(sessions).json(&body).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    async fn get(&self, signed_in: &Value, path: &str) -> Value {
        let token = signed_in["token"].as_str().expect("a token");
        let request = http_client().get(format!("{}{path}", self.base));
        let answer = request.bearer_auth(token).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    fn stop(mut self) {
        let status = self.process.stop(Signal::Terminate, STOP_TIMEOUT);
        let log = self.process.log_tail();
        assert!(status.is_some_and(|status| status.success()), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_sees_a_company_that_talks() {
    let dir = create_dir();
    let demo = DemoProcess::start(&dir, "first.log", &[]).await;
    let olga = demo.sign_in("olga").await;
    assert_eq!(olga["scope"], "admin", "{olga}");
    let place = demo.get(&olga, "/v1/place").await;
    assert!(
        place["name"]
            .as_str()
            .is_some_and(|name| name.contains("Leaf")),
        "{place}"
    );
    let mei = demo.sign_in("mei").await;
    let inbox = demo.get(&mei, "/v1/inbox").await;
    let conversations = inbox["conversations"].as_array().expect("a list");
    assert_eq!(conversations.len(), 5, "{inbox}");
    let unread = demo.get(&mei, "/v1/inbox/unread").await;
    assert!(unread["total"].as_i64() >= Some(6), "{unread}");
    // Days of history, in three languages, with a thread and a pin.
    let room = "/v1/conversations/spring-harvest/messages";
    let history = demo.get(&mei, &format!("{room}?limit=50")).await;
    let messages = history["messages"].as_array().expect("a list");
    assert!(messages.len() >= 10, "{history}");
    let root = messages.iter().find(|message| message["seq"] == 4);
    assert_eq!(root.expect("a root")["replies"]["count"], 4, "{history}");
    let pins = demo
        .get(&mei, "/v1/conversations/spring-harvest/pins")
        .await;
    assert_eq!(pins["messages"].as_array().map(Vec::len), Some(1), "{pins}");
    let first = messages
        .iter()
        .filter_map(|message| message["sent_at"].as_str());
    assert!(first.min() < olga["expires_at"].as_str(), "{history}");
    // They go on talking.
    let head = demo.get(&mei, "/v1/place").await;
    assert_eq!(head["setup"], "done");
    let count = async || {
        let page = demo.get(&olga, "/v1/admin/conversations/everyone").await;
        page["messages"].as_i64()
    };
    let before = count().await;
    eventually("somebody says something", async || {
        (count().await > before).then_some(())
    })
    .await;
    demo.stop();
    // The second start continues with the same company.
    let demo = DemoProcess::start(&dir, "second.log", &["--silent"]).await;
    let mei = demo.sign_in("mei").await;
    let inbox = demo.get(&mei, "/v1/inbox").await;
    assert_eq!(inbox["conversations"].as_array().map(Vec::len), Some(5));
    demo.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_no_demo_is_left_alone() {
    let dir = create_dir();
    std::fs::write(dir.join("auth-secret"), "something").expect("a file");
    let data = dir.display().to_string();
    let refused = run_tidings(&["demo", "--data", &data], &[]).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("no demo"), "{said}");
    let database = [("DATABASE_URL", "postgres://127.0.0.1:1/x".to_owned())];
    let new = dir.join("new").display().to_string();
    let refused = run_tidings(&["demo", "--data", &new], &database).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(2) && said.contains("servers of its own"),
        "{said}"
    );
    assert!(!dir.join("new").exists());
}
