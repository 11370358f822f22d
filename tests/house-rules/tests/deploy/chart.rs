//! The Helm chart: its templates render, and its objects refer to each other and to the program.

use std::collections::{BTreeMap, BTreeSet};

use house_rules::helm::Chart;
use house_rules::workspace::read;
use house_rules::yaml;
use serde_json::Value;

use super::{Known, deploy_file, deploy_files};

/// The objects of the chart, by kind.
fn objects() -> BTreeMap<String, Vec<Value>> {
    let values = yaml::parse(&deploy_file("helm/tidings/values.yaml"));
    let values = values.expect("values.yaml is YAML").remove(0);
    let chart = Chart::new(values, &deploy_file("helm/tidings/templates/_helpers.tpl"));
    let mut objects = BTreeMap::<String, Vec<Value>>::new();
    for path in deploy_files() {
        if !path.starts_with("deploy/helm/tidings/templates") || path.ends_with("_helpers.tpl") {
            continue;
        }
        let place = path.display();
        let text = chart.render(&read(&path));
        let text = text.unwrap_or_else(|error| panic!("{place}: {error}"));
        let documents = yaml::parse(&text);
        for object in documents.unwrap_or_else(|error| panic!("{place}: {error}\n{text}")) {
            assert!(object["apiVersion"].is_string(), "{place}: {object}");
            let kind = object["kind"].as_str().expect("a kind").to_owned();
            objects.entry(kind).or_default().push(object);
        }
    }
    objects
}

/// The objects that run pods.
fn workloads(objects: &BTreeMap<String, Vec<Value>>) -> impl Iterator<Item = &Value> {
    objects["Deployment"].iter().chain(&objects["StatefulSet"])
}

fn array<'a>(value: &'a Value, what: &str) -> &'a [Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{what} is no list: {value}"))
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{what} is no text: {value}"))
}

#[test]
fn the_chart_has_a_name_and_versions() {
    let chart = yaml::parse(&deploy_file("helm/tidings/Chart.yaml"));
    let chart = chart.expect("Chart.yaml is YAML").remove(0);
    assert_eq!(chart["apiVersion"], "v2");
    assert_eq!(chart["name"], "tidings");
    for version in ["version", "appVersion"] {
        let numbers = text(&chart[version], version).split('.');
        assert_eq!(numbers.filter(|n| n.parse::<u32>().is_ok()).count(), 3);
    }
}

#[test]
fn every_container_runs_a_known_command_with_known_settings() {
    let (known, objects) = (Known::collect(), objects());
    let mut commands = BTreeSet::new();
    for workload in workloads(&objects) {
        let pod = &workload["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        let container = &array(&pod["containers"], "containers")[0];
        let arguments: Vec<&str> = array(&container["args"], "args")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let place = format!("the chart, {}", arguments[0]);
        known.check_arguments(&arguments, &place);
        commands.insert(arguments[0].to_owned());
        let mut listen = BTreeMap::new();
        for variable in array(&container["env"], "env") {
            let name = text(&variable["name"], "name");
            known.check_variable(name, &place);
            listen.insert(name, text(&variable["value"], name).to_owned());
        }
        check_ports(container, &listen);
        check_mounts(workload, container);
        for probe in ["livenessProbe", "readinessProbe"] {
            let get = &container[probe]["httpGet"];
            known.check_route(text(&get["path"], probe), &place);
            assert_eq!(get["port"], "http");
        }
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    }
    let all = ["command-svc", "dispatcher", "projector", "query-api"];
    assert_eq!(commands, all.map(str::to_owned).into());
    for settings in &objects["ConfigMap"] {
        for variable in settings["data"].as_object().expect("settings").keys() {
            known.check_variable(variable, "values.yaml");
        }
    }
}

/// Asserts that the ports of the container are those on which the program listens.
fn check_ports(container: &Value, environment: &BTreeMap<&str, String>) {
    let port = |name: &str| {
        let ports = array(&container["ports"], "ports").iter();
        let port = ports.clone().find(|port| port["name"] == name);
        port.expect("a port")["containerPort"]
            .as_i64()
            .expect("a number")
    };
    for (name, variable) in [
        ("http", "TIDINGS_LISTEN"),
        ("metrics", "TIDINGS_METRICS_LISTEN"),
    ] {
        assert_eq!(environment[variable], format!("0.0.0.0:{}", port(name)));
    }
}

/// Asserts that every mounted volume exists.
fn check_mounts(workload: &Value, container: &Value) {
    let pod = &workload["spec"]["template"]["spec"];
    let mut volumes: Vec<&Value> = array(&pod["volumes"], "volumes")
        .iter()
        .map(|volume| &volume["name"])
        .collect();
    let claims = workload["spec"]["volumeClaimTemplates"].as_array();
    let claims = claims.into_iter().flatten();
    volumes.extend(claims.map(|claim| &claim["metadata"]["name"]));
    for mount in array(&container["volumeMounts"], "mounts") {
        assert!(volumes.contains(&&mount["name"]), "no volume {mount}");
    }
}

#[test]
fn services_select_pods_and_routes_lead_to_services() {
    let objects = objects();
    let pods: Vec<&Value> = workloads(&objects)
        .map(|workload| {
            let labels = &workload["spec"]["template"]["metadata"]["labels"];
            let selector = &workload["spec"]["selector"]["matchLabels"];
            assert!(is_selected(labels, selector), "{labels} {selector}");
            labels
        })
        .collect();
    let mut selectors: Vec<&Value> = Vec::new();
    selectors.extend(objects["Service"].iter().map(|it| &it["spec"]["selector"]));
    let budgets = objects["PodDisruptionBudget"].iter();
    selectors.extend(budgets.map(|it| &it["spec"]["selector"]["matchLabels"]));
    for selector in selectors {
        let selected = pods.iter().filter(|labels| is_selected(labels, selector));
        assert_eq!(selected.count(), 1, "{selector}");
    }
    let services: Vec<&Value> = objects["Service"]
        .iter()
        .map(|service| &service["metadata"]["name"])
        .collect();
    let rules = array(&objects["HTTPRoute"][0]["spec"]["rules"], "rules");
    assert_eq!(rules.len(), 2);
    for (rule, component) in rules.iter().zip(["query-api", "command-svc"]) {
        let name = &array(&rule["backendRefs"], "backends")[0]["name"];
        assert!(services.contains(&name), "no service {name}");
        assert!(text(name, "name").ends_with(component), "{name}");
    }
}

fn is_selected(labels: &Value, selector: &Value) -> bool {
    let selector = selector.as_object().expect("a selector");
    !selector.is_empty() && selector.iter().all(|(key, value)| labels[key] == *value)
}
