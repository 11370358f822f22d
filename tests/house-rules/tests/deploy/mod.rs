//! What `deploy/` says agrees with the program: commands, flags, settings, ports and routes. The
//! black-box tests run the programs that read these files.

mod alerts;
mod chart;
mod compose;
mod files;
mod proxies;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use house_rules::programs::{ProductSource, programs};
use house_rules::settings::{settings, variables_without_flag};
use house_rules::workspace::{files as list_files, read, root};

/// What the program understands.
struct Known {
    commands: BTreeSet<String>,
    flags: BTreeSet<String>,
    variables: BTreeSet<String>,
    routes: BTreeSet<String>,
}

impl Known {
    fn collect() -> Self {
        let programs = programs();
        let settings = settings(&programs);
        let mut variables: BTreeSet<String> = settings.keys().cloned().collect();
        variables.extend(variables_without_flag(&programs));
        Self {
            commands: commands(&programs),
            flags: settings
                .into_values()
                .filter_map(|setting| setting.flag)
                .collect(),
            variables,
            routes: routes(&programs),
        }
    }

    /// Asserts that `words`, the arguments of `tidings`, are a command with known flags.
    fn check_arguments(&self, words: &[&str], place: &str) {
        let (command, rest) = words
            .split_first()
            .unwrap_or_else(|| panic!("{place} runs no command"));
        assert!(
            self.commands.contains(*command),
            "{place}: there is no `tidings {command}`"
        );
        for flag in rest.iter().filter(|word| word.starts_with("--")) {
            let flag = flag.split('=').next().expect("a flag");
            assert!(self.flags.contains(flag), "{place}: there is no {flag}");
        }
    }

    fn check_variable(&self, name: &str, place: &str) {
        assert!(
            self.variables.contains(name),
            "{place}: the program does not read {name}"
        );
    }

    fn check_route(&self, path: &str, place: &str) {
        assert!(
            self.routes.contains(path),
            "{place}: the program serves no {path}"
        );
    }
}

/// The commands of `tidings`, from its enum.
fn commands(programs: &[ProductSource]) -> BTreeSet<String> {
    let enums = programs
        .iter()
        .flat_map(|program| &program.source.file().items)
        .filter_map(|item| match item {
            syn::Item::Enum(item) if item.ident == "CliCommand" => Some(item),
            _ => None,
        });
    let commands: BTreeSet<String> = enums
        .flat_map(|item| &item.variants)
        .map(|variant| kebab(&variant.ident.to_string()))
        .collect();
    assert!(commands.len() > 15, "only {commands:?} were found");
    commands
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The routes: those of the API documentation, and those that only operators use.
fn routes(programs: &[ProductSource]) -> BTreeSet<String> {
    let routes: BTreeSet<String> = programs
        .iter()
        .flat_map(|program| {
            documented_routes(program)
                .into_iter()
                .chain(program.source.strings())
        })
        .filter(|text| text.starts_with('/') && !text.contains(' '))
        .collect();
    assert!(routes.contains("/v1/live") && routes.contains("/readyz"));
    routes
}

/// The paths in `#[utoipa::path(get, path = "/v1/...")]`.
fn documented_routes(program: &ProductSource) -> Vec<String> {
    let text = read(&program.source.path);
    let paths = text.split("path = \"").skip(1);
    paths
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// The text of a file below `deploy`.
fn deploy_file(name: &str) -> String {
    read(&Path::new("deploy").join(name))
}

/// Every file below `deploy`, relative to the root.
fn deploy_files() -> Vec<PathBuf> {
    let mut found = list_files(&[
        "cfg", "conf", "env", "example", "md", "service", "sh", "tpl", "yaml",
    ]);
    found.retain(|path| path.starts_with("deploy"));
    found.push("deploy/Dockerfile".into());
    assert!(root().join("deploy/Dockerfile").exists());
    assert!(found.len() > 15, "only {found:?} were found");
    found
}
