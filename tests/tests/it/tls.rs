//! TLS on the port of `tidings up`, and the port of the metrics.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eventually::eventually;
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use serde_json::json;
use tests::client::{BaseUrls, Client};
use tests::live::{LiveEvents, LiveSocket};
use tests::ports;
use tests::world::{Settings, World};
use tests::{client, token};

/// Where the certificates of a world are.
struct Certificates {
    dir: PathBuf,
}

impl Certificates {
    fn create(dir: &Path) -> Self {
        let files = Self { dir: dir.into() };
        files.write(&files.issue("first"));
        files
    }

    fn path(&self, file: &str) -> String {
        self.dir.join(file).to_str().expect("UTF-8").to_owned()
    }

    /// A self-signed certificate for `localhost` whose subject is `name`, and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["localhost".into()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn write(&self, (certificate, key): &(String, String)) {
        for (file, text) in [("cert.pem", certificate), ("key.pem", key)] {
            // As certificate tools do: readers see the old file or the new one.
            let next = self.dir.join(format!("{file}.next"));
            std::fs::write(&next, text).expect("written");
            std::fs::rename(next, self.dir.join(file)).expect("renamed");
        }
    }

    fn trust(certificate: &str) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(certificate.as_bytes()).expect("a certificate");
        client::http_client_builder()
            .tls_certs_only([root])
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client")
    }
}

fn user(http: reqwest::Client, base: &str, name: &str) -> Client {
    let base = base.to_owned();
    let bases = BaseUrls {
        commands: base.clone(),
        queries: base,
    };
    Client::for_user(http, Arc::new(bases), name)
}

/// A world that serves HTTPS, with its base URL.
async fn tls_world(more: Settings) -> (World, Certificates, String) {
    let mut world = World::stopped(more).await;
    let certificates = Certificates::create(&world.dir);
    world.set_env("TIDINGS_TLS_CERT", &certificates.path("cert.pem"));
    world.set_env("TIDINGS_TLS_KEY", &certificates.path("key.pem"));
    world.set_env("TIDINGS_LOG", "info");
    world.spawn_service();
    let base = format!("https://localhost:{}", world.port());
    let first = std::fs::read_to_string(certificates.path("cert.pem")).expect("read");
    wait_until_ready(&Certificates::trust(&first), &base).await;
    (world, certificates, base)
}

async fn wait_until_ready(http: &reqwest::Client, base: &str) {
    eventually("the service is ready", async || {
        let answer = http.get(format!("{base}/readyz")).send().await.ok()?;
        (answer.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_queries_and_live_delivery_work_over_tls_and_survive_a_new_certificate() {
    // Given a system that serves HTTPS, with open live connections,
    let (mut world, certificates, base) = tls_world(Settings::default()).await;
    let old = std::fs::read_to_string(certificates.path("cert.pem")).expect("read");
    let trusting_old = Certificates::trust(&old);
    let alice = user(trusting_old.clone(), &base, "alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let address = format!("localhost:{}", world.port());
    let mut live = LiveSocket::open_tls(&address, &token::for_user("bob"), "after=0", &old).await;
    live.wait_until_caught_up().await;
    let mut events = LiveEvents::open(&trusting_old, &base, &token::for_user("bob"), "0").await;
    let sent = alice.send("room", "one", "one").await.position();
    live.wait_for_position(sent).await;
    events.wait_for_position(sent).await;

    // when a broken certificate is written, the old one stays, and that is logged once;
    let new = certificates.issue("second");
    std::fs::write(certificates.path("cert.pem"), &new.0).expect("written");
    eventually("the mismatch is logged", async || {
        world
            .service()
            .process
            .log_tail()
            .contains("does not belong")
            .then_some(())
    })
    .await;
    alice.send("room", "two", "two").await.expect(201);

    // when its key is written too, new connections get the new one,
    certificates.write(&new);
    let trusting_new = Certificates::trust(&new.0);
    wait_until_ready(&trusting_new, &base).await;
    let log = world.service().process.log_tail();
    assert_eq!(log.matches("does not belong").count(), 1, "{log}");
    // A client that has not connected before: others may resume their TLS session.
    let refused = Certificates::trust(&old).get(format!("{base}/livez"));
    assert!(refused.send().await.is_err());

    // and the open connections go on.
    let alice = user(trusting_new, &base, "alice");
    let sent = alice.send("room", "three", "three").await.position();
    live.wait_for_position(sent).await;
    events.wait_for_position(sent).await;

    // Commands of this machine reach it too, although the certificate is not for 127.0.0.1.
    let file = world.dir.join("import.jsonl");
    let line = json!({ "conversation": "imported", "sender": "alice", "text": "hello",
                       "sent_at": "2020-01-01T00:00:00Z" });
    std::fs::write(&file, format!("{line}\n")).expect("written");
    let data = world.dir.join("data");
    let (data, file) = (data.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    world
        .run_ok(&["erase", "message", "room", "1", "--yes", "--data", data])
        .await;
    let imported = world.run(&["import", file, "--data", data, "--json"]).await;
    let error = String::from_utf8_lossy(&imported.stderr);
    assert!(
        !error.contains("certificate") && !error.contains("respond"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_serve_is_an_error_at_the_start() {
    let world = World::stopped(Settings::default()).await;
    let certificates = Certificates::create(&world.dir);
    let (cert, key) = (certificates.path("cert.pem"), certificates.path("key.pem"));
    let expect_refused = async |arguments: &[&str], reason: &str| {
        let output = world.run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(reason), "{error}");
    };
    expect_refused(&["up", "--tls-cert", &cert], "--tls-key").await;
    let missing = certificates.path("missing.pem");
    expect_refused(
        &["up", "--tls-cert", &missing, "--tls-key", &key],
        "missing.pem: No such file",
    )
    .await;
    certificates.write(&(certificates.issue("a").0, certificates.issue("b").1));
    expect_refused(
        &["up", "--tls-cert", &cert, "--tls-key", &key],
        "does not belong to the first certificate",
    )
    .await;
    let pair = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["localhost".into()]).expect("a name");
    params.not_after = date_time_ymd(2020, 1, 1);
    let expired = params.self_signed(&pair).expect("a certificate").pem();
    certificates.write(&(expired, pair.serialize_pem()));
    expect_refused(
        &["up", "--tls-cert", &cert, "--tls-key", &key],
        "expired at 2020-01-01",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_a_port_of_their_own_if_asked() {
    let metrics = ports::find_free();
    let settings =
        Settings::default().with("TIDINGS_METRICS_LISTEN", format!("127.0.0.1:{metrics}"));
    let (world, certificates, base) = tls_world(settings).await;
    let cert = std::fs::read_to_string(certificates.path("cert.pem")).expect("read");
    let http = Certificates::trust(&cert);
    let public = http
        .get(format!("{base}/metrics"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(public.status(), 404);
    let own = format!("http://127.0.0.1:{metrics}");
    let answer = http
        .get(format!("{own}/metrics"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.expect("text");
    assert!(
        text.contains("tidings_log_head") || text.contains("tidings_connections"),
        "{text}"
    );
    assert!(text.contains("tidings_tls_expiry_seconds"), "{text}");
    let other = http
        .get(format!("{own}/v1/inbox"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(other.status(), 404);
    let world_without = World::start().await;
    let address = format!("http://{}/metrics", world_without.address());
    let answer = http.get(address).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    drop(world);
}
