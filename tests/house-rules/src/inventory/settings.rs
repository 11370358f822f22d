//! The settings, and the other environment variables that the program reads.

use std::collections::BTreeSet;

use super::markdown::{assert_no_others, code, describe, table};
use crate::programs::ProductSource;
use crate::settings::{Setting, settings, variables_without_flag};

/// Settings without a flag.
const WITHOUT_FLAG: &[(&str, &str)] = &[
    (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "headers of the requests to the collector of traces, such as credentials",
    ),
    (
        "TIDINGS_AUTH_SECRET",
        "HS256 secret of at least 32 bytes that verifies tokens; one is generated if no key is set",
    ),
];

/// Variables of the system.
const OF_THE_SYSTEM: &[(&str, &str)] = &[
    (
        "PATH",
        "where the programs of the embedded servers are searched for",
    ),
    (
        "SUDO_UID",
        "the user that the embedded servers run as if root starts them through sudo",
    ),
    (
        "XDG_CACHE_HOME",
        "where fetched servers are stored, in `tidings/servers`",
    ),
    (
        "XDG_RUNTIME_DIR",
        "where the directory of the Postgres socket is created",
    ),
];

pub(super) fn render(programs: &[ProductSource]) -> String {
    let settings = settings(programs);
    assert!(
        settings.len() > 25,
        "only {} settings were found",
        settings.len()
    );
    let mut rows: Vec<Vec<String>> = settings.values().map(row).collect();
    let without_flag = variables_without_flag(programs);
    assert_no_others(WITHOUT_FLAG, &without_flag.iter().cloned().collect());
    rows.extend(without_flag.iter().map(|variable| {
        row(&Setting {
            variable: variable.clone(),
            flag: None,
            default: None,
            default_text: None,
            meaning: describe(WITHOUT_FLAG, variable),
            command: None,
        })
    }));
    rows.sort_by_key(|row| row[1].clone());
    table(&["flag", "variable", "default", "meaning", "of"], &rows)
}

fn row(setting: &Setting) -> Vec<String> {
    vec![
        setting.flag.as_deref().map_or("-".to_owned(), code),
        code(&setting.variable),
        default(setting),
        setting.meaning.clone(),
        setting
            .command
            .as_deref()
            .map_or("all commands".to_owned(), code),
    ]
}

fn default(setting: &Setting) -> String {
    let value = setting.default.as_deref().map(code);
    value
        .or_else(|| setting.default_text.clone())
        .unwrap_or_else(|| "-".to_owned())
}

/// The variables that are not of Tidings.
pub(super) fn render_system_variables(programs: &[ProductSource]) -> String {
    let mut names = BTreeSet::new();
    for call in programs.iter().flat_map(|program| program.source.calls()) {
        if call.name == "var" || call.name == "var_os" {
            names.extend(call.first_string().filter(|name| is_of_the_system(name)));
        }
    }
    assert_no_others(OF_THE_SYSTEM, &names);
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|name| vec![code(name), describe(OF_THE_SYSTEM, name)])
        .collect();
    table(&["variable", "meaning"], &rows)
}

fn is_of_the_system(name: &str) -> bool {
    !name.starts_with("TIDINGS_")
}
