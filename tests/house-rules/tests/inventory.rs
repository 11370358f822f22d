//! The inventory is current, and the documents list every setting and every metric.

use std::collections::BTreeMap;
use std::path::Path;

use house_rules::inventory::{metric_names, render};
use house_rules::programs::programs;
use house_rules::settings::{Setting, settings, variables_without_flag};
use house_rules::workspace::read;

const METRIC_DESCRIPTIONS: &str = "crates/http-edge/src/metric_descriptions.rs";
const OPERATIONS: &str = "docs/operations.md";
const ENV_EXAMPLE: &str = ".env.example";

#[test]
fn the_inventory_is_current() {
    assert!(
        read(Path::new("docs/inventory.md")) == render(),
        "docs/inventory.md is out of date; run `make inventory`"
    );
}

/// The settings that all commands take; those of single commands are in their `--help`.
fn global_settings() -> BTreeMap<String, Setting> {
    let mut settings = settings(&programs());
    settings.retain(|_, setting| setting.command.is_none());
    assert!(
        settings.len() > 25,
        "only {} settings were found",
        settings.len()
    );
    settings
}

#[test]
fn every_setting_is_in_the_example() {
    let example = read(Path::new(ENV_EXAMPLE));
    let listed: BTreeMap<&str, &str> = example
        .lines()
        .map(|line| line.trim_start_matches('#'))
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    let settings = global_settings();
    for (variable, setting) in &settings {
        let value = listed.get(variable.as_str());
        let value = value.unwrap_or_else(|| panic!("{ENV_EXAMPLE} lacks {variable}"));
        if let Some(default) = &setting.default {
            assert_eq!(
                value, default,
                "{ENV_EXAMPLE} has another default of {variable}"
            );
        }
    }
    let without_flag = variables_without_flag(&programs());
    for variable in &without_flag {
        assert!(
            listed.contains_key(variable.as_str()),
            "{ENV_EXAMPLE} lacks {variable}"
        );
    }
    for variable in listed.keys() {
        assert!(
            settings.contains_key(*variable) || without_flag.iter().any(|known| known == variable),
            "{ENV_EXAMPLE} has {variable}, which the program does not read"
        );
    }
}

#[test]
fn every_setting_is_documented() {
    let operations = read(Path::new(OPERATIONS));
    for (variable, setting) in global_settings() {
        let row = operations
            .lines()
            .find(|line| line.starts_with('|') && line.contains(&format!("`{variable}`")));
        let row = row.unwrap_or_else(|| panic!("no table of {OPERATIONS} has {variable}"));
        let flag = setting.flag.expect("a setting of all commands has a flag");
        assert!(row.contains(&format!("`{flag}`")), "{flag} is not in {row}");
        if let Some(default) = setting.default {
            // 100,000 is easier to read than 100000.
            let row = row.replace(',', "");
            assert!(
                row.contains(&default),
                "the default {default} is not in {row}"
            );
        }
    }
}

#[test]
fn every_metric_is_documented() {
    let operations = read(Path::new(OPERATIONS));
    let descriptions = read(Path::new(METRIC_DESCRIPTIONS));
    for metric in metric_names(&programs()) {
        assert!(
            descriptions.contains(&format!("\"{metric}\"")),
            "{METRIC_DESCRIPTIONS} does not describe {metric}"
        );
        let is_documented = [format!("`{metric}`"), format!("`{metric}{{")]
            .iter()
            .any(|name| operations.contains(name));
        assert!(is_documented, "{OPERATIONS} does not explain {metric}");
    }
}
