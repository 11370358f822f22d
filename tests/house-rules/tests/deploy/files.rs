//! The Dockerfile, the systemd units, and what all files of `deploy/` have in common.

use house_rules::workspace::read;

use super::{Known, deploy_file, deploy_files};

#[test]
fn every_variable_that_is_named_exists() {
    let known = Known::collect();
    let mut count = 0;
    for path in deploy_files() {
        let text = read(&path);
        let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        for word in words.filter(|word| word.starts_with("TIDINGS_") && word.len() > 8) {
            if !word.ends_with('_') {
                known.check_variable(word, &path.display().to_string());
                count += 1;
            }
        }
    }
    assert!(count > 20, "only {count} variables were found");
}

#[test]
fn the_image_is_built_from_debian_runs_as_nobody_special_and_has_no_secret() {
    let text = deploy_file("Dockerfile");
    let stages: Vec<&str> = text.split("\nFROM ").skip(1).collect();
    assert_eq!(stages.len(), 2);
    assert!(stages.iter().all(|stage| stage.starts_with("debian:")));
    assert!(
        stages[0].contains("cargo build --profile deploy --locked --package tidings --bin tidings")
    );
    let last = stages[1];
    assert!(last.contains("COPY --from=build /src/target/deploy/tidings /usr/local/bin/tidings"));
    assert!(last.contains(r#"ENTRYPOINT ["/usr/local/bin/tidings"]"#));
    let user = last.lines().find_map(|line| line.strip_prefix("USER "));
    let user = user.and_then(|user| user.split(':').next()?.parse::<u32>().ok());
    assert!(user.is_some_and(|user| user > 0), "the image runs as root");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(!line.starts_with("ADD"), "{line}");
        let name = line.strip_prefix("ENV ").or(line.strip_prefix("ARG "));
        for word in ["SECRET", "PASSWORD", "DATABASE_URL", "KEY"] {
            assert!(!name.is_some_and(|name| name.contains(word)), "{line}");
        }
    }
    let ignored = deploy_file("Dockerfile.dockerignore");
    assert!(ignored.lines().any(|line| line == "**/target"));
    assert!(ignored.lines().any(|line| line == "**/*.env"));
}

/// What every unit forbids.
const HARDENING: [&str; 10] = [
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "RestrictNamespaces=yes",
    "SystemCallFilter=@system-service",
    "UMask=0077",
];

#[test]
fn the_units_run_known_commands_and_are_confined() {
    let known = Known::collect();
    for (unit, names) in [
        ("tidings.service", vec!["up"]),
        (
            "tidings@.service",
            vec!["command-svc", "query-api", "projector", "dispatcher"],
        ),
    ] {
        let text = deploy_file(&format!("systemd/{unit}"));
        let lines: Vec<&str> = text.lines().collect();
        let start = lines
            .iter()
            .find_map(|line| line.strip_prefix("ExecStart="));
        let words: Vec<&str> = start.expect("ExecStart").split_whitespace().collect();
        assert_eq!(words[0], "/usr/local/bin/tidings");
        for name in names {
            let arguments: Vec<&str> = words[1..]
                .iter()
                .map(|word| if *word == "%i" { name } else { word })
                .collect();
            known.check_arguments(&arguments, unit);
            assert_eq!(arguments[0], name);
            assert!(text.contains(name) || name == "up", "{unit} lacks {name}");
        }
        for option in HARDENING {
            assert!(lines.contains(&option), "{unit} lacks {option}");
        }
        for line in lines
            .iter()
            .filter_map(|line| line.strip_prefix("Environment="))
        {
            let (variable, _) = line.split_once('=').expect("a value");
            known.check_variable(variable, unit);
        }
        assert!(lines.contains(&"User=tidings"));
    }
}
