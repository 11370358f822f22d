//! `tidings user`: shows a user, and changes what administrators decide about them.

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, with_migrated_database};
use diagnostics::UserReport;
use reqwest::Method;
use serde_json::{Map, Value, json};
use settings::{ConfirmArgs, OutputArgs, SystemConfig, UserCommand, UserRestrictArgs, UserSetArgs};

use super::{admin, admin_call, confirmation};
use crate::output::{out, outln};

/// Runs the subcommand: `show` reads the database, the others call the running system.
pub async fn run(config: &SystemConfig, command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Show { user, output } => show(config, &user, output).await,
        UserCommand::Set(args) => {
            set(config, &args.user, &to_body(&args)).await?;
            Ok(outln!("changed {}", args.user)?)
        }
        UserCommand::Deactivate { user, confirm } => deactivate(config, &user, confirm).await,
        UserCommand::Reactivate { user } => {
            set(config, &user, &json!({ "deactivated": false })).await?;
            Ok(outln!("{user} can call again")?)
        }
        UserCommand::Revoke { user } => {
            call(config, Method::POST, &[&user, "revoke"], None).await?;
            Ok(outln!("the tokens that {user} had are refused")?)
        }
        UserCommand::Restrict(args) => restrict(config, &args).await,
        UserCommand::Lift { user } => {
            admin_call::call(config, Method::DELETE, &restriction_path(&user), None).await?;
            Ok(outln!("{user} is not restricted")?)
        }
    }
}

async fn show(config: &SystemConfig, user: &str, output: OutputArgs) -> Result<()> {
    let report = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| Ok(UserReport::load(&database.pool, user).await?),
    );
    let Some(report) = report.await? else {
        bail!("the log does not name the user {user}");
    };
    if output.json {
        outln!("{}", serde_json::to_string(&report)?)?;
    } else {
        out!("{}", report.to_text())?;
    }
    Ok(())
}

async fn deactivate(config: &SystemConfig, user: &str, confirm: ConfirmArgs) -> Result<()> {
    let effect = format!("refuse all calls of {user} and close their live connections");
    if confirm.dry_run {
        return Ok(outln!("this would {effect}")?);
    }
    // Nothing is asked that cannot be done.
    admin::find_running_system(config)?;
    confirmation::require(confirm, &effect)?;
    set(config, user, &json!({ "deactivated": true })).await?;
    Ok(outln!("deactivated {user}")?)
}

/// The path of the restriction of a user.
fn restriction_path(user: &str) -> [&str; 5] {
    ["v1", "moderation", "users", user, "restriction"]
}

async fn restrict(config: &SystemConfig, args: &UserRestrictArgs) -> Result<()> {
    let (user, kind) = (&args.user, args.kind.as_str());
    let body = json!({ "kind": kind, "until": args.until, "reason": args.reason });
    let path = restriction_path(user);
    admin_call::call(config, Method::PUT, &path, Some(&body)).await?;
    Ok(outln!("{user} is {kind}")?)
}

async fn set(config: &SystemConfig, user: &str, body: &Value) -> Result<()> {
    call(config, Method::PUT, &[user], Some(body)).await
}

/// The body of the request. An empty text removes a value.
fn to_body(args: &UserSetArgs) -> Value {
    let texts = [
        ("display_name", &args.display_name),
        ("avatar", &args.avatar),
        ("about", &args.about),
        ("locale", &args.locale),
    ];
    let mut body = Map::new();
    for (name, text) in texts {
        if let Some(text) = text {
            let value = Some(text.as_str()).filter(|text| !text.is_empty());
            body.insert(name.to_owned(), value.into());
        }
    }
    if let Some(kind) = args.kind {
        body.insert("kind".to_owned(), kind.as_str().into());
    }
    body.into()
}

/// Calls `/v1/admin/users/...` of the running system.
async fn call(
    config: &SystemConfig,
    method: Method,
    path: &[&str],
    body: Option<&Value>,
) -> Result<()> {
    let path = [&["v1", "admin", "users"][..], path].concat();
    let called = admin_call::call(config, method, &path, body).await;
    called.map(|_| ()).context("nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::UserKindArg;

    #[test]
    fn an_empty_text_removes_a_value_and_an_absent_one_keeps_it() {
        let body = to_body(&UserSetArgs {
            user: "ann".into(),
            display_name: Some("Ann".into()),
            avatar: Some(String::new()),
            about: None,
            locale: None,
            kind: Some(UserKindArg::Bot),
        });
        assert_eq!(
            body,
            json!({"display_name": "Ann", "avatar": null, "kind": "bot"})
        );
    }
}
