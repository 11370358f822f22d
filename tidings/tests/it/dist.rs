//! `.ci/dist`: what a release archive contains.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{ScratchDir, stderr, stdout};

/// Makes the archive of a program that is built already. Returns its path.
fn make_archive(directory: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let done = Command::new(root.join(".ci/dist"))
        .env("DIST_PROGRAM", env!("CARGO_BIN_EXE_tidings"))
        .env("DIST_DIR", directory)
        .output()
        .expect("bash starts");
    assert!(done.status.success(), "{}", stderr(&done));
    let files = fs::read_dir(directory).expect("the directory");
    let paths = files.map(|file| file.expect("a file").path());
    let mut archives = paths.filter(|path| path.extension().is_some_and(|end| end == "gz"));
    let archive = archives.next().expect("an archive");
    assert_eq!(archives.next(), None);
    archive
}

/// Runs a tool in a directory. Returns what it prints.
fn run_in(directory: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let done = command.args(arguments).current_dir(directory).output();
    let done = done.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(done.status.success(), "{program}: {}", stderr(&done));
    stdout(&done).to_owned()
}

/// The program of an unpacked archive has code and no symbols.
fn assert_is_stripped(unpacked: &Path) {
    let built = fs::metadata(env!("CARGO_BIN_EXE_tidings")).expect("the program");
    let packed = fs::metadata(unpacked.join("tidings")).expect("the program");
    assert!(packed.len() < built.len(), "stripped");
    let sections = run_in(
        unpacked,
        "readelf",
        &["--section-headers", "--wide", "tidings"],
    );
    assert!(sections.contains(" .text "), "{sections}");
    for section in [".symtab", ".debug_info"] {
        assert!(!sections.contains(section), "{section} is there");
    }
}

#[test]
fn an_archive_has_a_stripped_program_and_all_that_belongs_to_it() {
    // Given an archive,
    let scratch = ScratchDir::new();
    let directory = scratch.path();
    let archive = make_archive(directory);
    let file_name = archive.file_name().and_then(|name| name.to_str());
    let file_name = file_name.expect("the name is UTF-8");
    let name = file_name.strip_suffix(".tar.gz").expect("the suffix");
    let version = env!("CARGO_PKG_VERSION");
    assert!(name.starts_with(&format!("tidings-{version}-")), "{name}");
    // when it is checked and unpacked,
    let checked = run_in(
        directory,
        "sha256sum",
        &["-c", &format!("{file_name}.sha256")],
    );
    assert_eq!(checked, format!("{file_name}: OK\n"));
    run_in(directory, "tar", &["-xzf", file_name]);
    // then it has these files and directories,
    let unpacked = directory.join(name);
    let names: BTreeSet<String> = fs::read_dir(&unpacked)
        .expect("the directory of the archive")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let expected = [
        ".env.example",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "THIRD-PARTY.txt",
        "completions",
        "man",
        "servers.lock",
        "systemd",
        "tidings",
    ];
    assert_eq!(names, BTreeSet::from(expected.map(str::to_owned)));
    for file in [
        "completions/_tidings",
        "completions/tidings.bash",
        "completions/tidings.fish",
        "man/tidings-import.1",
        "systemd/tidings.service",
    ] {
        let size = fs::metadata(unpacked.join(file)).map(|file| file.len());
        assert!(size.is_ok_and(|size| size > 0), "{file}");
    }
    let licences = fs::read_to_string(unpacked.join("THIRD-PARTY.txt")).expect("licence texts");
    assert!(
        licences.contains("\nserde_json "),
        "licences of what is linked"
    );
    // and the program runs without its symbols.
    assert_is_stripped(&unpacked);
    let printed = run_in(&unpacked, "./tidings", &["--version"]);
    assert_eq!(printed, format!("tidings {version}\n"));
}
