//! The alerts for Prometheus name metrics that the program records.

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

#[test]
fn every_alert_uses_metrics_that_exist() {
    let recorded: BTreeSet<String> = metric_names(&programs()).into_iter().collect();
    let operations = read(std::path::Path::new("docs/operations.md"));
    let mut used = BTreeSet::new();
    for (alert, expression) in rules() {
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
            assert!(exists, "{alert}: no process records {word}");
            used.insert(word.to_owned());
        }
    }
    assert!(used.len() > 12, "only {used:?} are used");
}

#[test]
fn every_alert_has_its_own_name() {
    let names: Vec<String> = rules().into_iter().map(|(alert, _)| alert).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("Tidings")));
}
