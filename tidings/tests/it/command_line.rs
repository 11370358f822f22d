//! How the command line is parsed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use log_tools::replay::ReplaySpeed;
use settings::{Cli, CliCommand, LogCommand, RebuildAction, RebuildSource, SealInterval};

fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("tidings").chain(args.iter().copied()))
}

#[test]
fn the_command_line_definition_is_valid() {
    Cli::command().debug_assert();
}

#[test]
fn flags_are_accepted_before_and_after_the_command() {
    for args in [["--data", "/d", "up"], ["up", "--data", "/d"]] {
        assert_eq!(
            parse(&args).expect("the arguments parse").config.data,
            PathBuf::from("/d")
        );
    }
}

#[test]
fn durations_are_human_readable() {
    let cli = parse(&["up", "--offline-window", "1d 12h"]).expect("the arguments parse");
    assert_eq!(cli.config.offline_window, Duration::from_secs(36 * 3600));
    assert!(parse(&["up", "--offline-window", "soon"]).is_err());
}

#[test]
fn sealing_can_be_disabled_and_seals_can_be_delivered() {
    let seals = |args: &[&str]| parse(&[&["up"], args].concat()).map(|cli| cli.config.seals);
    assert_eq!(
        seals(&["--seal-every", "2s"])
            .expect("the arguments parse")
            .seal_every,
        SealInterval::AtMost(Duration::from_secs(2))
    );
    assert_eq!(
        seals(&["--seal-every", "off"])
            .expect("the arguments parse")
            .seal_every,
        SealInterval::Off
    );
    let url = ["--seal-webhook", "https://a.example/seals"];
    assert!(seals(&url).is_err(), "a seal webhook needs a secret");
    let secret = ["--seal-webhook-secret", "whsec_x"];
    assert!(seals(&[url, secret].concat()).is_ok());
}

#[test]
fn invalid_invocations_are_rejected() {
    for args in [
        &["up", "--listen", "8080"][..],
        &["up", "--fanout-threshold", "-1"],
        &["up", "--auth-public-key", "a", "--auth-jwks", "b"],
        &["up", "--file-timeout", "50ms"],
        &["import", "f", "--url", "http://x"],
        &["status", "--nonsense"],
        &["nonsense"],
    ] {
        let error = parse(args).expect_err("the invocation is invalid");
        assert_eq!(error.exit_code(), 2, "{args:?}");
    }
}

#[test]
fn passwords_do_not_reach_debug_output() {
    let cli = parse(&[
        "up",
        "--database-url",
        "postgres://a:s3cret@h/d",
        "--nats-url",
        "nats://s3cret@h",
    ])
    .expect("the arguments parse");
    assert!(!format!("{cli:?}").contains("s3cret"));
}

#[test]
fn a_replay_speed_is_a_positive_factor_or_max() {
    let speed = |text: &str| {
        let cli = parse(&["log", "replay", "--subject", "a", "--speed", text]).ok()?;
        match cli.command {
            CliCommand::Log(LogCommand::Replay(args)) => Some(args.speed),
            _ => None,
        }
    };
    assert_eq!(speed("max"), Some(ReplaySpeed::Max));
    assert_eq!(speed("0.5"), Some(ReplaySpeed::Factor(0.5)));
    for bad in ["0", "-1", "inf", "NaN", "fast", ""] {
        assert_eq!(speed(bad), None, "{bad}");
    }
}

fn parse_rebuild(words: &[&str]) -> Option<RebuildAction> {
    match parse(&[&["rebuild"], words].concat()).ok()?.command {
        CliCommand::Rebuild(args) => Some(args.action()),
        _ => None,
    }
}

#[test]
fn rebuild_flags_and_their_old_spellings_request_the_same() {
    use RebuildAction::{DiscardKept, ReadModels, SearchIndex};
    use RebuildSource::{Kept, Scratch};
    let cases: [(&[&str], RebuildAction); 12] = [
        (&[], ReadModels(Scratch)),
        (&["read-models", "--keep"], ReadModels(Scratch)),
        (&["search"], SearchIndex(Scratch)),
        (&["--search"], SearchIndex(Scratch)),
        (&["--restore"], ReadModels(Kept)),
        (&["--restore", "--keep"], ReadModels(Kept)),
        (&["--restore", "--search"], SearchIndex(Kept)),
        (&["search", "--restore"], SearchIndex(Kept)),
        (&["--discard-kept"], DiscardKept),
        (&["kept"], ReadModels(Kept)),
        (&["kept-search", "--keep"], SearchIndex(Kept)),
        (&["drop-kept"], DiscardKept),
    ];
    for (words, action) in cases {
        assert_eq!(parse_rebuild(words), Some(action), "{words:?}");
    }
}

#[test]
fn contradictory_rebuilds_are_rejected() {
    for words in [
        &["read-models", "--search"][..],
        &["--discard-kept", "--restore"],
        &["--discard-kept", "--keep"],
        &["--discard-kept", "search"],
        &["everything"],
    ] {
        assert_eq!(parse_rebuild(words), None, "{words:?}");
    }
}

#[test]
fn the_help_shows_only_the_new_spellings() {
    let help = parse(&["rebuild", "--help"])
        .expect_err("help is printed")
        .to_string();
    for word in ["--restore", "--discard-kept", "read-models", "search"] {
        assert!(help.contains(word), "{word}:\n{help}");
    }
    for word in ["kept-search", "drop-kept"] {
        assert!(!help.contains(word), "{word}:\n{help}");
    }
}
