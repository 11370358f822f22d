//! HAProxy, nginx and the route of the chart send each request to the service that serves it.

use std::collections::BTreeSet;

use house_rules::programs::programs;
use house_rules::workspace::read;

use super::{Known, deploy_file};

/// The methods that go to the query services. The last one is the preflight of browsers, which
/// every service answers.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// The methods of the documented routes of a crate, as `get` or `post`.
fn documented_methods(package: &str) -> BTreeSet<String> {
    let mut methods = BTreeSet::new();
    for program in programs() {
        if program.package != package {
            continue;
        }
        let text = read(&program.source.path);
        for rest in text.split("utoipa::path(").skip(1) {
            let method = rest
                .trim_start()
                .split([',', '\n'])
                .next()
                .expect("a method");
            methods.insert(method.trim().to_owned());
        }
    }
    methods
}

#[test]
fn only_queries_are_read_requests() {
    let queries = documented_methods("query-api");
    assert_eq!(queries, BTreeSet::from(["get".to_owned()]));
    let commands = documented_methods("command-svc");
    assert!(commands.len() >= 4, "{commands:?}");
    assert!(!commands.contains("get") && !commands.contains("head"));
}

#[test]
fn read_requests_go_to_the_query_services() {
    let haproxy = deploy_file("compose/haproxy.cfg");
    let acl = format!("acl reads method {}", READING.join(" "));
    for line in [
        acl.as_str(),
        "use_backend queries if reads",
        "default_backend commands",
    ] {
        assert!(
            haproxy.lines().any(|found| found.trim() == line),
            "no {line}"
        );
    }
    let nginx = deploy_file("nginx/tidings.conf");
    let map = nginx
        .split("map $request_method $tidings_upstream {")
        .nth(1);
    let map = map
        .and_then(|rest| rest.split('}').next())
        .expect("a map of methods");
    let routed: BTreeSet<&str> = map
        .lines()
        .filter(|line| line.trim().ends_with("tidings_queries;"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(routed, BTreeSet::from(READING));
    assert!(map.contains("default tidings_commands;"));
    let route = deploy_file("helm/tidings/templates/route.yaml");
    let routed: BTreeSet<&str> = route
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- method: "))
        .collect();
    assert_eq!(routed, BTreeSet::from(READING));
}

#[test]
fn proxies_name_routes_that_exist() {
    let known = Known::collect();
    let nginx = deploy_file("nginx/tidings.conf");
    let locations = nginx
        .lines()
        .filter_map(|line| line.trim().strip_prefix("location = "))
        .filter_map(|rest| rest.split_whitespace().next());
    let mut count = 0;
    for path in locations {
        known.check_route(path, "nginx");
        count += 1;
    }
    assert!(count >= 4, "only {count} locations were found");
    let haproxy = deploy_file("compose/haproxy.cfg");
    let paths = haproxy
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    let paths: Vec<&str> = paths.collect();
    assert!(
        paths.contains(&"/readyz") && paths.contains(&"/metrics"),
        "{paths:?}"
    );
    for path in paths {
        known.check_route(path, "HAProxy");
    }
}

#[test]
fn live_delivery_is_not_buffered_and_hosts_are_passed_on() {
    let nginx = deploy_file("nginx/tidings.conf");
    let live = nginx.split("location = /v1/live {").nth(1);
    let live = live
        .and_then(|rest| rest.split('}').next())
        .expect("a location");
    for line in [
        "proxy_buffering off;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $tidings_connection;",
        "proxy_set_header Host $http_host;",
    ] {
        assert!(live.contains(line), "/v1/live lacks {line}");
    }
    assert_eq!(
        nginx.matches("proxy_set_header Host $http_host;").count(),
        2
    );
}
