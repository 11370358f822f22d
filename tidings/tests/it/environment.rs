//! Settings from `.env` and from variables, and what is wrong with them.

use crate::support::{ScratchDir, stderr, tidings_command};

#[test]
fn the_file_of_the_directory_sets_variables_that_are_not_set() {
    // Given a directory with a file of settings,
    let scratch = ScratchDir::new();
    scratch.write(".env", "TIDINGS_DATA=from-file\n");
    // when a command runs there, then it takes them,
    let status = || {
        let mut command = tidings_command(&["status"]);
        command.current_dir(scratch.path());
        command
    };
    let from_file = status().output().expect("the program starts");
    let complaint = stderr(&from_file);
    assert!(complaint.contains("no system in from-file"), "{complaint}");
    // unless the variable is set.
    let mut command = status();
    command.env("TIDINGS_DATA", "from-variable");
    let from_variable = command.output().expect("the program starts");
    let complaint = stderr(&from_variable);
    assert!(
        complaint.contains("no system in from-variable"),
        "{complaint}"
    );
}

#[test]
fn a_variable_that_is_no_setting_is_named() {
    let scratch = ScratchDir::new();
    let mut command = tidings_command(&["status"]);
    command.current_dir(scratch.path());
    command.env("TIDINGS_RATELIMIT", "5");
    let ended = command.output().expect("the program starts");
    let warning = "TIDINGS_RATELIMIT is not a setting; did you mean TIDINGS_RATE_LIMIT?";
    assert!(stderr(&ended).contains(warning), "{}", stderr(&ended));
}

#[test]
fn a_wrong_variable_is_named_and_not_its_flag() {
    let scratch = ScratchDir::new();
    let run = |arguments: &[&str]| {
        let mut command = tidings_command(arguments);
        command.current_dir(scratch.path());
        command.env("TIDINGS_RATE_LIMIT", "many");
        let ended = command.output().expect("the program starts");
        assert_eq!(ended.status.code(), Some(2));
        stderr(&ended).to_owned()
    };
    let complaint = run(&["status"]);
    assert!(
        complaint.contains("invalid value 'many' for 'TIDINGS_RATE_LIMIT'"),
        "{complaint}"
    );
    // A flag takes precedence, and is named if it is what is wrong.
    let complaint = run(&["status", "--rate-limit", "few"]);
    assert!(
        complaint.contains("'few' for '--rate-limit <N>'"),
        "{complaint}"
    );
}

#[test]
fn a_password_that_is_not_escaped_is_refused_and_not_shown() {
    let scratch = ScratchDir::new();
    let mut command = tidings_command(&["status"]);
    command.current_dir(scratch.path());
    command.env("DATABASE_URL", "postgres://ann:s3cret/w#rd@127.0.0.1:1/x");
    let ended = command.output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(2));
    let complaint = stderr(&ended);
    assert!(complaint.contains("write / as %2F"), "{complaint}");
    assert!(!complaint.contains("s3cret"), "{complaint}");
}
