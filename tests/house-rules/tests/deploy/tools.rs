//! Checks by the tools that read these files, for each tool that is installed. A missing one is
//! named on standard error; what it would have checked is then covered by the other tests only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use house_rules::workspace::root;

use super::deploy_file;

/// A directory that is removed with the value.
struct ScratchDir(PathBuf);

impl ScratchDir {
    fn create(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tidings-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("created");
        Self(dir)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The path of a program, if it is installed.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&path);
    let all = dirs.chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = all.map(|dir| dir.join(program)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("{program} is not installed: its own check of deploy/ did not run");
    }
    found
}

/// Runs a check that must succeed.
fn check(program: &Path, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(
        output.status.success(),
        "{} {arguments:?}:\n{}{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn haproxy_accepts_its_configuration() {
    if let Some(haproxy) = find("haproxy") {
        check(&haproxy, &["-c", "-f", "deploy/compose/haproxy.cfg"]);
    }
}

#[test]
fn nginx_accepts_its_configuration() {
    let Some(nginx) = find("nginx") else { return };
    let dir = ScratchDir::create("nginx");
    // Without the certificate, which this machine does not have.
    let server: String = deploy_file("nginx/tidings.conf")
        .lines()
        .filter(|line| !line.trim().starts_with("ssl_certificate"))
        .map(|line| line.replace("listen 443 ssl;", "listen 127.0.0.1:18443;") + "\n")
        .collect();
    let server = dir.write("tidings.conf", &server);
    let prefix = dir.0.to_str().expect("UTF-8");
    let main = format!(
        "pid {prefix}/pid; error_log stderr; events {{}}\n\
         http {{ access_log off; client_body_temp_path {prefix}; proxy_temp_path {prefix};\n\
         fastcgi_temp_path {prefix}; uwsgi_temp_path {prefix}; scgi_temp_path {prefix};\n\
         include {server}; }}\n"
    );
    let main = dir.write("nginx.conf", &main);
    check(&nginx, &["-t", "-p", prefix, "-c", &main]);
}

#[test]
fn systemd_accepts_the_units() {
    let Some(analyze) = find("systemd-analyze") else {
        return;
    };
    let dir = ScratchDir::create("systemd");
    for (unit, name) in [
        ("tidings.service", "tidings.service"),
        ("tidings@.service", "tidings@command-svc.service"),
    ] {
        // A program that this machine has.
        let text = deploy_file(&format!("systemd/{unit}"));
        let text = text.replace("/usr/local/bin/tidings", "/bin/true");
        let text = text.replace("file:/usr/share/doc/tidings/operations.md", "man:true(1)");
        check(&analyze, &["verify", "--man=no", &dir.write(name, &text)]);
    }
}

#[test]
fn nats_server_accepts_its_configuration() {
    let Some(nats) = find("nats-server") else {
        return;
    };
    let dir = ScratchDir::create("nats");
    let text = deploy_file("compose/nats.conf").replace("/data", &dir.0.display().to_string());
    let text = text
        .replace("$SERVER_NAME", "nats-1")
        .replace("$NATS_PASSWORD", "secret");
    check(&nats, &["-t", "-c", &dir.write("nats.conf", &text)]);
}

#[test]
fn promtool_accepts_the_alerts() {
    if let Some(promtool) = find("promtool") {
        check(
            &promtool,
            &["check", "rules", "deploy/prometheus/alerts.yaml"],
        );
    }
}

#[test]
fn bash_accepts_the_scripts() {
    let Some(bash) = find("bash") else { return };
    for script in [
        ".ci/dist",
        ".ci/run",
        "deploy/compose/primary-init.sh",
        "deploy/compose/standby-start.sh",
    ] {
        check(&bash, &["-n", script]);
    }
}

#[test]
fn helm_accepts_the_chart() {
    if let Some(helm) = find("helm") {
        check(&helm, &["lint", "--strict", "deploy/helm/tidings"]);
    }
}
