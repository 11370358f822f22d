//! The proxies of `deploy/` in front of a fleet: one address serves commands, queries and live
//! delivery. The other files of `deploy/`, as the programs read them that they are for.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use eventually::eventually;
use tests::client::{BaseUrls, Client, http_client};
use tests::debian_program::debian_program;
use tests::fleet::{Fleet, FleetLayout, FleetRole, IndexPlacement};
use tests::live::{LiveEvents, LiveSocket};
use tests::process::ChildProcess;
use tests::servers::nats_program;
use tests::world::{Settings, create_dir};
use tests::{ports, token};

/// Runs a check in the root of the repository. It must succeed.
fn check(program: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{program:?} {arguments:?}: {said}");
}

#[test]
fn haproxy_promtool_and_bash_accept_the_files_as_they_are() {
    let config = "deploy/compose/haproxy.cfg";
    check(&debian_program("haproxy"), &["-c", "-f", config]);
    let rules = "deploy/prometheus/alerts.yaml";
    check(&debian_program("promtool"), &["check", "rules", rules]);
    let tests = "deploy/prometheus/alerts.test.yaml";
    check(&debian_program("promtool"), &["test", "rules", tests]);
    for script in [
        ".ci/dist",
        ".ci/run",
        ".ci/verify-units",
        "deploy/compose/primary-init.sh",
        "deploy/compose/standby-start.sh",
    ] {
        check(Path::new("bash"), &["-n", script]);
    }
}

#[test]
fn nats_server_accepts_its_configuration() {
    let dir = create_dir();
    let mut text = deploy_file("compose/nats.conf");
    for (name, value) in [
        ("/data", dir.display().to_string()),
        ("$SERVER_NAME", "nats-1".to_owned()),
        ("$NATS_PASSWORD", "secret".to_owned()),
    ] {
        text = replace(&text, name, &value);
    }
    let file = dir.join("nats.conf");
    std::fs::write(&file, text).expect("written");
    let file = file.to_str().expect("UTF-8");
    check(nats_program(), &["-t", "-c", file]);
}

fn deploy_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Replaces a text that must be there.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the configuration");
    text.replace(from, to)
}

async fn start_fleet() -> Fleet {
    let key = create_dir().join("seal-key");
    let settings = Settings::default().with("TIDINGS_SEAL_KEY", key.display());
    let layout = FleetLayout {
        command_services: 2,
        query_apis: 2,
        all_in_one: None,
        index: IndexPlacement::PerQueryApi,
    };
    Fleet::start_with(layout, &settings).await
}

/// A proxy in front of a fleet.
struct Proxy {
    address: String,
    http: reqwest::Client,
    _process: ChildProcess,
}

impl Proxy {
    async fn start(name: &str, port: u16, command: Command) -> Self {
        let log = create_dir().join(format!("{name}.log"));
        let process = ChildProcess::start(name, command, &log, None);
        let proxy = Self {
            address: format!("127.0.0.1:{port}"),
            http: http_client(),
            _process: process.expect("the proxy starts"),
        };
        eventually("the proxy has servers", async || {
            let url = format!("http://{}/v1/inbox", proxy.address);
            let request = proxy.http.get(url).bearer_auth(token::for_user("bob"));
            (request.send().await.ok()?.status() == 200).then_some(())
        })
        .await;
        proxy
    }

    fn user(&self, name: &str) -> Client {
        let base = format!("http://{}", self.address);
        let bases = BaseUrls {
            commands: base.clone(),
            queries: base,
        };
        Client::for_user(self.http.clone(), Arc::new(bases), name)
    }

    async fn status(&self, path: &str) -> u16 {
        let url = format!("http://{}{path}", self.address);
        let answer = self.http.get(url).send().await;
        answer.expect("an answer").status().as_u16()
    }

    /// Reads server-sent events until the entry at a position.
    async fn read_events_until(&self, position: i64) {
        let (base, token) = (format!("http://{}", self.address), token::for_user("bob"));
        let mut events = LiveEvents::open(&self.http, &base, &token, "0").await;
        events.wait_for_position(position).await;
    }
}

/// Commands, queries, WebSockets and server-sent events through the proxy.
async fn check_traffic(proxy: &Proxy) {
    let (alice, bob) = (proxy.user("alice"), proxy.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    let live = LiveSocket::open(&proxy.address, &token::for_user("bob"), "after=0").await;
    let mut live = live.expect("the upgrade succeeds");
    live.wait_until_caught_up().await;
    let mut last = 0;
    for n in 0..20 {
        last = alice
            .send("room", &format!("k{n}"), "hello")
            .await
            .position();
    }
    live.wait_for_position(last).await;
    proxy.read_events_until(last).await;
    let path = format!("/v1/conversations/room/messages?min_position={last}");
    let page = bob.get_ok(&path).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(20));
    // A page of this host may open WebSockets, so the proxy passes the host on.
    let origin = format!("http://{}", proxy.address);
    let (address, token) = (&proxy.address, token::for_user("bob"));
    for (origin, is_allowed) in [(origin.as_str(), true), ("http://elsewhere.example", false)] {
        let headers = [("origin", origin)];
        let opened = LiveSocket::open_with_headers(address, &token, "after=0", &headers).await;
        assert_eq!(opened.is_ok(), is_allowed, "{origin}");
    }
    assert_eq!(proxy.status("/metrics").await, 404);
    assert_eq!(proxy.status("/readyz").await, 404);
    assert_eq!(proxy.status("/livez").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_serves_a_fleet_at_one_address_and_survives_lost_processes() {
    let haproxy = debian_program("haproxy");
    let mut fleet = start_fleet().await;
    let port = ports::find_free();
    let mut config = deploy_file("compose/haproxy.cfg");
    for (name, address) in [
        // What the limit of open files allows here.
        ("maxconn 24000", "maxconn 1000".to_owned()),
        ("bind :8080", format!("bind 127.0.0.1:{port}")),
        ("command-1:8081", fleet.command_address(0)),
        ("command-2:8081", fleet.command_address(1)),
        ("query-1:8082", fleet.query_address(0)),
        ("query-2:8082", fleet.query_address(1)),
        ("resolvers docker init-addr last,libc,none ", String::new()),
    ] {
        config = replace(&config, name, &address);
    }
    let file = create_dir().join("haproxy.cfg");
    std::fs::write(&file, config).expect("written");
    let mut command = Command::new(haproxy);
    command.arg("-db").arg("-f").arg(file);
    let proxy = Proxy::start("haproxy", port, command).await;
    check_traffic(&proxy).await;
    // One process of each kind is lost: the others serve.
    fleet.kill_service(FleetRole::Command(0));
    fleet.kill_service(FleetRole::Query(0));
    let alice = proxy.user("alice");
    let sent = eventually("the other command service accepts", async || {
        let response = alice.send("room", "after", "after").await;
        matches!(response.status, 200 | 201).then(|| response.position())
    })
    .await;
    let path = format!("/v1/inbox/unread?min_position={sent}");
    let bob = proxy.user("bob");
    eventually("the other query service answers", async || {
        (bob.get(&path).await.status == 200).then_some(())
    })
    .await;
    proxy.read_events_until(sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_serves_a_fleet_at_one_address() {
    let nginx = debian_program("nginx");
    let fleet = start_fleet().await;
    let (port, dir) = (ports::find_free(), create_dir());
    let mut server: String = deploy_file("nginx/tidings.conf")
        .lines()
        .filter(|line| !line.trim().starts_with("ssl_certificate"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (name, address) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port}")),
        ("127.0.0.1:8081", fleet.command_address(0)),
        ("127.0.0.1:8082", fleet.query_address(0)),
    ] {
        server = replace(&server, name, &address);
    }
    let at = |name: &str| dir.join(name).display().to_string();
    let main = format!(
        "daemon off; master_process off; pid {}; error_log stderr;\n\
         events {{}}\nhttp {{ access_log off; include {};\n\
         client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};\n\
         uwsgi_temp_path {dir}; scgi_temp_path {dir}; }}\n",
        at("pid"),
        at("tidings.conf"),
        dir = dir.display(),
    );
    std::fs::write(at("tidings.conf"), server).expect("written");
    std::fs::write(at("nginx.conf"), main).expect("written");
    let mut command = Command::new(nginx);
    command.arg("-p").arg(&dir).arg("-c").arg(at("nginx.conf"));
    let proxy = Proxy::start("nginx", port, command).await;
    check_traffic(&proxy).await;
}
