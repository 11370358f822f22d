//! Commands on a terminal: the question before they destroy something, where only `yes` goes on,
//! and their progress.
//!
//! The commands run on a terminal of their own, which Python's module `pty` makes.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    ScratchDir, TidingsProcess, new_http_client, run_tidings, stderr, stdout, tidings_command,
};

/// Runs a command on a new terminal, types an answer to the question, prints everything that the
/// terminal showed, and exits with the exit code of the command.
const ON_A_TERMINAL: &str = r"
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, is_answered = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if not is_answered and b'Type yes to go on: ' in shown:
        os.write(terminal, answer.encode() + b'\n')
        is_answered = True
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// The exit code of a command on a terminal, and what the terminal showed.
fn answer(arguments: &[&str], answer: &str) -> (Option<i32>, String) {
    let on_pipes = tidings_command(arguments);
    let mut command = Command::new("python3");
    command.args(["-c", ON_A_TERMINAL, answer]);
    command
        .arg(on_pipes.get_program())
        .args(on_pipes.get_args());
    for (name, value) in on_pipes.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().expect("Python starts");
    (output.status.code(), stdout(&output).to_owned())
}

struct System {
    _up: TidingsProcess,
    base: String,
    token: String,
    data: String,
}

impl System {
    async fn start(scratch: &ScratchDir) -> Self {
        let dir = scratch.path().join("data");
        let mut up = TidingsProcess::start_up(&dir);
        let base = up.wait_until_ready().await;
        let data = dir.to_str().expect("the path is UTF-8").to_owned();
        let token = run_tidings(&["token", "ann", "--data", &data]);
        Self {
            _up: up,
            base,
            token: stdout(&token).trim().to_owned(),
            data,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let request = new_http_client()
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.expect("the system responds");
        assert!(response.status().is_success(), "{path}: {response:?}");
        response.json().await.expect("the response is JSON")
    }

    /// Sends a message to a new group. Returns its position.
    async fn send(&self) -> i64 {
        let group = json!({"id": "lunch", "kind": "group", "members": ["bob"]});
        self.call(Method::POST, "/v1/conversations", Some(&group))
            .await;
        let message =
            json!({"client_message_id": "1", "type": "text", "body": {"text": "noodles?"}});
        let path = "/v1/conversations/lunch/messages";
        let sent = self.call(Method::POST, path, Some(&message)).await;
        sent["position"].as_i64().expect("a position")
    }

    /// The body of the message.
    async fn body(&self, position: i64) -> Value {
        let path = format!("/v1/conversations/lunch/messages/1?min_position={position}");
        self.call(Method::GET, &path, None).await["body"].take()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_yes_erases() {
    // Given a message,
    let scratch = ScratchDir::new();
    let system = System::start(&scratch).await;
    let position = system.send().await;
    let erase = ["erase", "message", "lunch", "1", "--data", &system.data];
    // when anything but yes is typed, then the message stays,
    for word in ["no", "y", ""] {
        let (code, shown) = answer(&erase, word);
        assert_eq!(code, Some(1), "{shown}");
        let question = "This will erase the content of 1 message in 1 conversation of message 1 \
                        of lunch, which cannot be undone. Type yes to go on: ";
        assert!(shown.contains(question), "{shown}");
        assert!(shown.contains("nothing was changed"), "{shown}");
        assert_eq!(system.body(position).await, json!({"text": "noodles?"}));
    }
    // and with yes it is gone.
    let (code, shown) = answer(&erase, "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("1 message and 0 titles erased now"),
        "{shown}"
    );
    assert_eq!(system.body(position + 1).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_shown_on_a_terminal_only() {
    let scratch = ScratchDir::new();
    let system = System::start(&scratch).await;
    system.send().await;
    let verify = ["verify", "--data", &system.data];
    let (code, shown) = answer(&verify, "nothing is asked");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(" events, "), "{shown}");
    let output = run_tidings(&verify);
    let piped = [stdout(&output), stderr(&output)].concat();
    assert!(!piped.contains(" events, "), "{piped}");
    // The columns of the tables are aligned.
    let tables = piped.lines().filter(|line| line.ends_with("  equal"));
    let widths: Vec<usize> = tables.map(str::len).collect();
    assert!(widths.len() > 5, "{piped}");
    assert!(widths.iter().all(|width| *width == widths[0]), "{piped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_yes_removes_a_webhook() {
    let scratch = ScratchDir::new();
    let system = System::start(&scratch).await;
    let webhooks = |words: &[&str]| {
        let done = run_tidings(&[&["webhooks"], words, &["--data", &system.data]].concat());
        assert!(done.status.success(), "{}", stderr(&done));
        stdout(&done).to_owned()
    };
    let url = "https://app.example.com/hooks";
    let added = webhooks(&["add", url, "--events", "message_sent", "--json"]);
    let added: Value = serde_json::from_str(&added).expect("one JSON object");
    let id = added["id"].to_string();
    let remove = ["webhooks", "remove", &id, "--data", &system.data];
    let (code, shown) = answer(&remove, "no");
    assert_eq!(code, Some(1), "{shown}");
    assert!(webhooks(&["list"]).contains(url));
    let (code, shown) = answer(&remove, "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(!webhooks(&["list"]).contains(url));
}

/// The events that a script must not add to.
fn log_tail(data: &str) -> String {
    let tail = run_tidings(&["log", "tail", "--data", data]);
    assert!(tail.status.success(), "{}", stderr(&tail));
    stdout(&tail).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_does_not_say_yes_changes_nothing() {
    // Given a message, an account and a webhook,
    let scratch = ScratchDir::new();
    let system = System::start(&scratch).await;
    let position = system.send().await;
    let account = json!({"user": "eve", "password": "correct horse battery"});
    system
        .call(Method::POST, "/v1/accounts", Some(&account))
        .await;
    let hook = ["webhooks", "add", "https://app.example.com/hooks"];
    let rest = ["--events", "all", "--data", &system.data];
    let added = run_tidings(&[&hook[..], &rest].concat());
    assert!(added.status.success(), "{}", stderr(&added));
    let before = log_tail(&system.data);
    // when a script destroys something without a terminal and without --yes,
    for command in [
        &["erase", "message", "lunch", "1"][..],
        &["erase", "conversation", "lunch"],
        &["erase", "user", "ann"],
        &["webhooks", "remove", "1"],
        &["account", "close", "eve"],
        &["user", "deactivate", "ann"],
    ] {
        let refused = run_tidings(&[command, &["--data", &system.data]].concat());
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{command:?}: {said}");
        let advice = "pass --yes to do it, or --dry-run to print only that";
        assert!(said.contains(advice), "{command:?}: {said}");
        let planned = run_tidings(&[command, &["--dry-run", "--data", &system.data]].concat());
        assert!(planned.status.success(), "{}", stderr(&planned));
        assert!(!stdout(&planned).is_empty(), "{command:?} plans nothing");
    }
    // then nothing has changed.
    assert_eq!(log_tail(&system.data), before);
    assert_eq!(system.body(position).await, json!({"text": "noodles?"}));
    let hooks = run_tidings(&["webhooks", "list", "--data", &system.data]);
    assert!(stdout(&hooks).contains("https://app.example.com/hooks"));
    system
        .call(Method::POST, "/v1/sessions", Some(&account))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_asks_and_can_be_planned() {
    // Given a backup,
    let scratch = ScratchDir::new();
    let system = System::start(&scratch).await;
    system.send().await;
    let path = |name: &str| scratch.path().join(name).display().to_string();
    let (backup, target) = (path("backup"), path("restored"));
    let saved = run_tidings(&["backup", &backup, "--data", &system.data]);
    assert!(saved.status.success(), "{}", stderr(&saved));
    // when a script restores it without --yes, or plans that,
    let restore = ["restore", &backup, "--data", &target];
    let refused = run_tidings(&restore);
    let planned = run_tidings(&[&restore[..], &["--dry-run"]].concat());
    // then each says what would be restored, and where,
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert_eq!(planned.status.code(), Some(0), "{planned:?}");
    let plan = stdout(&planned);
    let expected = "this would restore 2 events (";
    assert!(plan.starts_with(expected), "{plan}");
    let place = format!("into a private Postgres in {target}\n");
    assert!(plan.ends_with(&place), "{plan}");
    let said = stderr(&refused);
    assert!(said.contains(plan.trim_end()), "{said}");
    assert!(said.contains("pass --yes"), "{said}");
    // and nothing is created.
    assert!(!scratch.path().join("restored").exists());
}
