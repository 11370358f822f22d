//! The alerts for Prometheus and the dashboard for Grafana name metrics that the program records,
//! and each alert has a runbook and a test.

use std::collections::BTreeSet;

use house_rules::inventory::metric_names;
use house_rules::programs::programs;
use house_rules::workspace::read;
use house_rules::yaml::parse;
use serde_json::Value;

use super::deploy_file;

/// What a histogram adds to its name.
const HISTOGRAM_SUFFIXES: [&str; 3] = ["_bucket", "_count", "_sum"];

/// The rules, as alert and expression.
fn rules() -> Vec<(String, String)> {
    let documents = parse(&deploy_file("prometheus/alerts.yaml")).expect("the file is YAML");
    let groups = documents[0]["groups"].as_array().expect("groups");
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rules
        .map(|rule| {
            assert!(rule["annotations"]["summary"].is_string(), "{rule}");
            assert!(rule["labels"]["severity"].is_string(), "{rule}");
            (text(&rule["alert"]), text(&rule["expr"]))
        })
        .collect()
}

/// The panels of the dashboard that have queries, as title and expression.
fn panels() -> Vec<(String, String)> {
    let dashboard: Value =
        serde_json::from_str(&deploy_file("grafana/tidings.json")).expect("the dashboard is JSON");
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().expect("an expression");
            queries.push((title.to_owned(), expression.to_owned()));
        }
    }
    assert!(queries.len() > 40, "only {} queries", queries.len());
    queries
}

/// The metrics that queries use. Each must be recorded.
fn used_metrics(queries: Vec<(String, String)>) -> BTreeSet<String> {
    let recorded: BTreeSet<String> = metric_names(&programs()).into_iter().collect();
    let operations = read(std::path::Path::new("docs/operations.md"));
    let mut used = BTreeSet::new();
    for (query, expression) in queries {
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words {
            let name = HISTOGRAM_SUFFIXES
                .iter()
                .find_map(|suffix| word.strip_suffix(suffix))
                .unwrap_or(word);
            let exists = if word.starts_with("tidings_") {
                recorded.contains(name) || recorded.contains(word)
            } else if word.starts_with("process_") {
                operations.contains(&format!("`{word}`"))
            } else {
                continue;
            };
            assert!(exists, "{query}: no process records {word}");
            used.insert(name.to_owned());
        }
    }
    used
}

#[test]
fn every_alert_uses_metrics_that_exist() {
    let used = used_metrics(rules());
    assert!(used.len() > 20, "only {used:?} are used");
}

#[test]
fn every_panel_uses_metrics_that_exist() {
    let used = used_metrics(panels());
    assert!(used.len() > 40, "only {used:?} are used");
    let shown_by_alerts = used_metrics(rules());
    let unplotted: Vec<&String> = shown_by_alerts.difference(&used).collect();
    // These have limits of their own, and no course that is worth a plot.
    let expected = [
        "process_max_fds",
        "tidings_answer_bytes",
        "tidings_tls_expiry_seconds",
    ];
    assert_eq!(unplotted, expected, "alerts without a plot");
}

#[test]
fn every_alert_has_a_runbook_and_a_test() {
    let documents = parse(&deploy_file("prometheus/alerts.yaml")).expect("the file is YAML");
    let runbooks = read(std::path::Path::new("docs/runbooks.md"));
    let sections: BTreeSet<String> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(str::to_owned)
        .collect();
    let tests = deploy_file("prometheus/alerts.test.yaml");
    let mut alerts = BTreeSet::new();
    for rule in documents[0]["groups"][0]["rules"]
        .as_array()
        .expect("rules")
    {
        let alert = rule["alert"].as_str().expect("a name");
        let runbook = format!("docs/runbooks.md#{}", alert.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"], runbook, "{alert}");
        let tested = tests.matches(&format!("alertname: {alert}\n")).count();
        assert!(tested >= 2, "{alert} is tested {tested} times");
        alerts.insert(alert.to_owned());
    }
    assert_eq!(sections, alerts, "the sections of docs/runbooks.md");
    for panel in panels_of_runbooks() {
        assert!(alerts.contains(&panel), "a panel names the alert {panel}");
    }
}

/// The alerts that panels name in their descriptions.
fn panels_of_runbooks() -> Vec<String> {
    let dashboard = deploy_file("grafana/tidings.json");
    let mentions = dashboard.split("Runbook: ").skip(1);
    let alerts = mentions.filter_map(|rest| rest.split('.').next());
    alerts.map(str::to_owned).collect()
}

#[test]
fn every_alert_has_its_own_name() {
    let names: Vec<String> = rules().into_iter().map(|(alert, _)| alert).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("Tidings")));
}
