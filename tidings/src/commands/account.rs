//! `tidings account`: opens local accounts, resets their passwords, and closes them. The running
//! services revoke the tokens of the user within a second.

use std::io::{Read as _, stdin};

use accounts::{AccountStore, Password, PasswordHash, PasswordHasher, Registration};
use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, SecretString, UsageError, with_migrated_database};
use domain::ids::UserId;
use settings::{AccountCommand, AccountPasswordArgs, ConfirmArgs, SystemConfig};
use uuid::Uuid;

use super::confirmation;
use crate::output::outln;

/// The longest input that is read for a password, in bytes: 128 characters and a line end.
const MAX_INPUT_BYTES: u64 = 1_024;

/// Runs the subcommand in the database.
pub async fn run(config: &SystemConfig, command: AccountCommand) -> Result<()> {
    let user = parse_user(match &command {
        AccountCommand::Add(args) | AccountCommand::ResetPassword(args) => &args.user,
        AccountCommand::Close { user, .. } => user,
    })?;
    let password = match &command {
        AccountCommand::Add(args) | AccountCommand::ResetPassword(args) => {
            Some(ChosenPassword::from_args(args)?)
        }
        AccountCommand::Close { .. } => None,
    };
    with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let store = AccountStore::new(database.pool.clone());
            match (&command, password) {
                (AccountCommand::Add(_), Some(password)) => add(&store, &user, password).await,
                (AccountCommand::ResetPassword(_), Some(password)) => {
                    reset(&store, &user, password).await
                }
                (AccountCommand::Close { confirm, .. }, _) => close(&store, &user, *confirm).await,
                (_, None) => Ok(()),
            }
        },
    )
    .await
}

fn parse_user(text: &str) -> Result<UserId> {
    UserId::parse(text).map_err(|error| UsageError(error.to_string()).into())
}

/// A password to set, and what is printed if it was made up here.
struct ChosenPassword {
    password: Password,
    made_up: Option<SecretString>,
}

impl ChosenPassword {
    fn from_args(args: &AccountPasswordArgs) -> Result<Self> {
        let text = if args.password_stdin {
            read_password()?
        } else {
            make_up()
        };
        let password =
            Password::parse(text.reveal()).map_err(|error| UsageError(error.to_string()))?;
        Ok(Self {
            password,
            made_up: (!args.password_stdin).then_some(text),
        })
    }

    async fn hash(&self) -> Result<PasswordHash> {
        let hasher = PasswordHasher::new()?;
        Ok(hasher.hash(self.password.clone()).await?)
    }

    fn print(&self) -> Result<()> {
        if let Some(password) = &self.made_up {
            outln!("password  {}", password.reveal())?;
        }
        Ok(())
    }
}

/// The first line of standard input. A password in the arguments would be visible to every user of
/// the machine.
fn read_password() -> Result<SecretString> {
    let mut text = String::new();
    let mut input = stdin().lock().take(MAX_INPUT_BYTES);
    let read = input.read_to_string(&mut text);
    read.context("the password cannot be read from standard input")?;
    let line = text.lines().next().unwrap_or_default();
    Ok(SecretString::new(line))
}

/// 122 random bits.
fn make_up() -> SecretString {
    SecretString::new(Uuid::new_v4().simple().to_string())
}

async fn add(store: &AccountStore, user: &UserId, password: ChosenPassword) -> Result<()> {
    let hash = password.hash().await?;
    match store.register(user, &hash, None).await? {
        Registration::Created => outln!("opened an account for {user}")?,
        Registration::Taken | Registration::InvalidInvite => {
            bail!("{user} has or had an account; see `tidings account reset-password`")
        }
    }
    password.print()
}

async fn reset(store: &AccountStore, user: &UserId, password: ChosenPassword) -> Result<()> {
    let hash = password.hash().await?;
    if store.reset_password(user, &hash).await?.is_none() {
        bail!("{}", no_account(user));
    }
    outln!("{user} has a new password; earlier tokens are revoked")?;
    password.print()
}

async fn close(store: &AccountStore, user: &UserId, confirm: ConfirmArgs) -> Result<()> {
    if !store.exists(user).await? {
        bail!("{}", no_account(user));
    }
    let effect = format!("close the account of {user} and revoke the tokens of this user");
    if confirm.dry_run {
        outln!("this would {effect}")?;
        return Ok(());
    }
    confirmation::require(confirm, &effect)?;
    store.close(user).await?;
    outln!("closed the account of {user}; its tokens are revoked")?;
    Ok(())
}

fn no_account(user: &UserId) -> String {
    format!("{user} has no account; open one with `tidings account add {user}`")
}
