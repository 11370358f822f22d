//! The fleet in `compose.yaml`, and what its other files say about it.

use std::collections::BTreeMap;

use house_rules::yaml;
use serde_json::{Map, Value};

use super::{Known, deploy_file};

/// A container that runs `tidings`.
struct TidingsContainer {
    command: String,
    environment: Map<String, Value>,
}

fn services() -> Map<String, Value> {
    let documents = yaml::parse(&deploy_file("compose/compose.yaml"));
    let mut documents = documents.unwrap_or_else(|error| panic!("compose.yaml: {error}"));
    let document = documents.pop().expect("a document");
    check_volumes(&document);
    let services = document["services"].as_object().expect("services");
    services.clone()
}

/// Asserts that every named volume that a service mounts is defined.
fn check_volumes(document: &Value) {
    let services = document["services"].as_object().expect("services");
    for (name, service) in services {
        let mounts = service["volumes"].as_array().cloned().unwrap_or_default();
        for mount in mounts {
            let source = mount.as_str().and_then(|mount| mount.split(':').next());
            let source = source.expect("a mount has a source");
            let is_known = match source.strip_prefix("./") {
                Some(file) => !deploy_file(&format!("compose/{file}")).is_empty(),
                None => document["volumes"].get(source).is_some(),
            };
            assert!(is_known, "{name} mounts {source}, which is not defined");
        }
    }
}

fn words(value: &Value) -> Vec<&str> {
    let words = value.as_array().expect("a list of words");
    words.iter().filter_map(Value::as_str).collect()
}

fn tidings_containers(known: &Known) -> BTreeMap<String, TidingsContainer> {
    let mut containers = BTreeMap::new();
    for (name, service) in services() {
        if service["image"] != "tidings" {
            continue;
        }
        let arguments = words(&service["command"]);
        known.check_arguments(&arguments, &format!("compose.yaml, {name}"));
        let environment = service["environment"].as_object().expect("an environment");
        for variable in environment.keys() {
            known.check_variable(variable, &format!("compose.yaml, {name}"));
        }
        let container = TidingsContainer {
            command: arguments[0].to_owned(),
            environment: environment.clone(),
        };
        containers.insert(name, container);
    }
    containers
}

#[test]
fn the_fleet_has_every_service_and_runs_known_commands_and_settings() {
    let containers = tidings_containers(&Known::collect());
    let count = |command: &str| {
        let all = containers.values();
        all.filter(|container| container.command == command).count()
    };
    assert_eq!(
        [
            count("command-svc"),
            count("query-api"),
            count("projector"),
            count("dispatcher")
        ],
        [2, 2, 1, 1]
    );
    // What services have to share, see docs/operations.md.
    let setting = |command: &str, variable: &str| {
        let of_command: Vec<_> = containers
            .values()
            .filter(|container| container.command == command)
            .map(|container| container.environment.get(variable).cloned())
            .collect();
        assert!(of_command.windows(2).all(|pair| pair[0] == pair[1]));
        of_command[0]
            .clone()
            .unwrap_or_else(|| panic!("{command} lacks {variable}"))
    };
    setting("command-svc", "TIDINGS_SEAL_KEY");
    for shared in ["DATABASE_URL", "NATS_URL", "TIDINGS_AUTH_SECRET"] {
        let value = setting("command-svc", shared);
        for command in ["query-api", "projector", "dispatcher"] {
            assert_eq!(setting(command, shared), value, "{command}: {shared}");
        }
    }
}

#[test]
fn every_address_in_the_fleet_leads_to_a_container() {
    let (services, containers) = (services(), tidings_containers(&Known::collect()));
    let config = deploy_file("compose/haproxy.cfg");
    let mut backend = "";
    let mut servers = BTreeMap::<&str, Vec<&str>>::new();
    for line in config.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["backend", name] => backend = name,
            ["server", name, address] => {
                let (host, port) = address.split_once(':').expect("a port");
                assert_eq!(*name, host);
                let container = containers.get(host);
                let container = container.unwrap_or_else(|| panic!("no container {host}"));
                let listen = container.environment["TIDINGS_LISTEN"].as_str();
                let listen = listen.and_then(|address| address.rsplit_once(':'));
                assert_eq!(listen.map(|(_, port)| port), Some(port), "{host}");
                servers.entry(backend).or_default().push(&container.command);
            }
            _ => {}
        }
    }
    assert_eq!(servers["commands"], ["command-svc", "command-svc"]);
    assert_eq!(servers["queries"], ["query-api", "query-api"]);
    let nats: Vec<&String> = services
        .keys()
        .filter(|name| name.starts_with("nats-"))
        .collect();
    assert_eq!(nats.len(), 3);
    let (cluster, url) = (
        deploy_file("compose/nats.conf"),
        containers["projector"].environment["NATS_URL"]
            .as_str()
            .expect("a URL"),
    );
    for name in nats {
        assert!(
            url.contains(&format!("@{name}:4222")),
            "NATS_URL lacks {name}"
        );
        assert!(
            cluster.contains(&format!("nats://{name}:6222")),
            "no route to {name}"
        );
    }
    for name in ["postgres-primary", "postgres-standby"] {
        assert!(services.contains_key(name));
    }
    let database = containers["projector"].environment["DATABASE_URL"].as_str();
    assert!(database.is_some_and(|url| url.contains(":-postgres-primary}/")));
}

#[test]
fn every_secret_of_the_fleet_comes_from_outside() {
    let text = deploy_file("compose/compose.yaml");
    let example = deploy_file("compose/tidings.env.example");
    let mut names = Vec::new();
    for reference in text.split("${").skip(1) {
        let name: String = reference
            .chars()
            .take_while(|c| c.is_ascii_uppercase() || *c == '_')
            .collect();
        let line = example
            .lines()
            .find(|line| line.starts_with(&format!("{name}=")));
        let line = line.unwrap_or_else(|| panic!("the example lacks {name}"));
        if name.ends_with("PASSWORD") || name.ends_with("SECRET") {
            assert_eq!(line, format!("{name}="), "the example has a secret");
        }
        names.push(name);
    }
    assert!(names.len() > 5, "{names:?}");
}
