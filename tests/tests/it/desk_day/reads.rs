//! The services that answer questions: a projector and a query API, each in a process of its own.

use std::path::Path;
use std::sync::Arc;

use eventually::eventually;
use serde_json::Value;
use tests::client::{BaseUrls, Client, http_client};
use tests::service::ServiceProcess;
use tests::{ports, token};

use super::roster::{ADMINISTRATOR, DESKS};

/// How many ports are tried.
const MAX_PORT_ATTEMPTS: usize = 3;

const PAGE_LIMIT: usize = 200;
const ENTRY_LIMIT: usize = 500;

/// A position that is the end of the log when it is asked for, or an earlier one.
#[derive(Debug, Clone, Copy)]
pub enum Asked {
    Now(i64),
    AsOf(i64),
}

pub struct Reads {
    admin: Client,
    _services: [ServiceProcess; 2],
}

impl Reads {
    pub async fn start(env: &[(&'static str, String)], dir: &Path) -> Self {
        let projector = start_service("projector", env, dir).await;
        let query_api = start_service("query-api", env, dir).await;
        let base = format!("http://127.0.0.1:{}", query_api.port);
        let base_urls = Arc::new(BaseUrls {
            commands: base.clone(),
            queries: base,
        });
        let admin = Client::for_user(http_client(), base_urls, ADMINISTRATOR);
        Self {
            admin: admin.with_token(Some(token::for_admin(ADMINISTRATOR))),
            _services: [projector, query_api],
        }
    }

    /// Waits until the read models are at this position, the end of the log.
    pub async fn wait_until(&self, position: i64) {
        let path = format!("/v1/inbox/unread?min_position={position}");
        eventually(format!("the projection is at {position}"), async || {
            (self.admin.get(&path).await.status == 200).then_some(())
        })
        .await;
    }

    /// The answer to an administrator, as of this position. The path has a query.
    pub async fn get(&self, path: &str, asked: Asked) -> Value {
        let (position, path) = match asked {
            Asked::Now(position) => (position, path.to_owned()),
            Asked::AsOf(position) => (position, format!("{path}&as_of={position}")),
        };
        let answer = self.admin.get(&path).await;
        let found = answer.expect(200);
        assert_eq!(
            answer.header("tidings-position"),
            position.to_string(),
            "{answer}"
        );
        found
    }

    /// All sessions that are at a desk.
    pub async fn sessions(&self, desk: usize, asked: Asked) -> Vec<Value> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let desk = DESKS[desk].id;
            let path = format!("/v1/desks/{desk}/sessions?limit={PAGE_LIMIT}{after}");
            let page = self.get(&path, asked).await;
            found.extend(page["sessions"].as_array().expect("sessions").clone());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    /// What this user was reminded of, as their sync feed has it, in order.
    pub async fn reminders(&self, user: &str) -> Vec<Value> {
        let client = self.admin.with_token(Some(token::for_user(user)));
        let (mut found, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let path = format!("/v1/inbox/entries?limit={ENTRY_LIMIT}&after={after}");
            let page = client.get_ok(&path).await;
            let entries = page["entries"].as_array().expect("entries").iter();
            found.extend(
                entries
                    .filter(|entry| entry["type"] == "session_reminded")
                    .cloned(),
            );
            if page["has_more"] == false {
                return found;
            }
            page["cursor"]
                .as_str()
                .expect("a cursor")
                .clone_into(&mut after);
        }
    }

    /// The members that a conversation had at a position, as its customer saw them.
    pub async fn members_as_of(&self, conversation: &str, customer: &str, at: i64) -> Value {
        let path =
            format!("/v1/conversations/{conversation}/members?as_user={customer}&as_of={at}");
        self.admin.get_ok(&path).await
    }
}

async fn start_service(role: &str, env: &[(&'static str, String)], dir: &Path) -> ServiceProcess {
    let dir = dir.join(role);
    std::fs::create_dir_all(&dir).expect("a directory");
    for _ in 0..MAX_PORT_ATTEMPTS {
        match ServiceProcess::start(role, ports::find_free(), &dir, env).await {
            Ok(service) => return service,
            // Another process may have taken the port.
            Err(output) => eprintln!("tidings {role} does not start: {output}"),
        }
    }
    panic!("tidings {role} does not start");
}
