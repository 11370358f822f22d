//! Rules for the hook.

use cqrs_es::Aggregate as _;
use domain::body::MessageType;
use domain::deployment::command::{DeploymentCommand, SetHook};
use domain::deployment::content::HookFailureAction;
use domain::deployment::event::DeploymentEvent;
use domain::deployment::{Deployment, MessageHook};
use domain::ids::UserId;
use domain::refusal::Refusal;

fn root() -> UserId {
    UserId::parse("root").unwrap()
}

fn hook(secret_id: &str) -> MessageHook {
    MessageHook {
        url: "https://checks.example.org/".to_owned(),
        types: Vec::new(),
        timeout_ms: 1_000,
        on_failure: HookFailureAction::Allow,
        secret_id: secret_id.to_owned(),
    }
}

fn run(deployment: &mut Deployment, hook: MessageHook) -> Result<Vec<DeploymentEvent>, Refusal> {
    let events = deployment.decide(DeploymentCommand::SetHook(SetHook { hook, by: root() }))?;
    for event in events.clone() {
        deployment.apply(event);
    }
    Ok(events)
}

#[test]
fn a_hook_that_is_changed_keeps_its_secret() {
    let mut deployment = Deployment::default();
    assert_eq!(run(&mut deployment, hook("one")).unwrap().len(), 1);
    assert_eq!(run(&mut deployment, hook("two")).unwrap(), []);
    let changed = MessageHook {
        timeout_ms: 10_000,
        ..hook("two")
    };
    assert_eq!(run(&mut deployment, changed).unwrap().len(), 1);
    let current = deployment.hook().unwrap();
    assert_eq!(
        (current.secret_id.as_str(), current.timeout_ms),
        ("one", 10_000)
    );
}

#[test]
fn a_hook_that_is_removed_and_set_again_gets_another_secret() {
    let mut deployment = Deployment::default();
    let remove = || DeploymentCommand::RemoveHook(root());
    assert_eq!(deployment.decide(remove()).unwrap(), []);
    run(&mut deployment, hook("one")).unwrap();
    for event in deployment.decide(remove()).unwrap() {
        deployment.apply(event);
    }
    assert_eq!(deployment.hook(), None);
    run(&mut deployment, hook("two")).unwrap();
    assert_eq!(deployment.hook().unwrap().secret_id, "two");
}

#[test]
fn types_are_a_set_and_without_any_all_are_checked() {
    let mut deployment = Deployment::default();
    assert!(hook("one").checks(MessageType::Control));
    let types = vec![MessageType::Text, MessageType::Image, MessageType::Text];
    let some = MessageHook {
        types,
        ..hook("one")
    };
    run(&mut deployment, some).unwrap();
    let current = deployment.hook().unwrap();
    assert_eq!(current.types, [MessageType::Image, MessageType::Text]);
    assert!(current.checks(MessageType::Text) && !current.checks(MessageType::File));
}

#[test]
fn the_timeout_and_the_address_have_limits() {
    let refused = |hook| run(&mut Deployment::default(), hook).unwrap_err().field;
    for timeout_ms in [0, 10_001] {
        let hook = MessageHook {
            timeout_ms,
            ..hook("one")
        };
        assert_eq!(refused(hook), Some("timeout_ms"));
    }
    let url = "x".repeat(2_001);
    assert_eq!(refused(MessageHook { url, ..hook("one") }), Some("url"));
}
