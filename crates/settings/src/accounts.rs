//! Options of local accounts, and of `tidings account`.

use clap::{Args, Subcommand, ValueEnum};

use super::confirm::ConfirmArgs;

/// Who can open a local account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AccountsMode {
    /// Anybody.
    Open,
    /// Users who have an invite from an administrator.
    Invited,
    /// There are no local accounts.
    Off,
}

/// How local accounts are opened.
#[derive(Debug, Clone, Args)]
pub struct AccountArgs {
    /// Who can open a local account with a password [default: open for `up` without a configured
    /// key of tokens, else off].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_ACCOUNTS",
        value_name = "open|invited|off"
    )]
    pub accounts: Option<AccountsMode>,
}

/// The subcommands of `tidings account`.
#[derive(Debug, Clone, Subcommand)]
pub enum AccountCommand {
    /// Open an account for a user id, which may have been used before.
    Add(AccountPasswordArgs),
    /// Give an account another password, and revoke the tokens of its user.
    ResetPassword(AccountPasswordArgs),
    /// Close an account, and revoke the tokens of its user. The user id stays taken.
    Close {
        /// User whose account is closed.
        user: String,
        /// How it is confirmed.
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

/// The options of commands that set a password.
#[derive(Debug, Clone, Args)]
pub struct AccountPasswordArgs {
    /// User of the account: 1 to 128 characters.
    pub user: String,
    /// Read the password from standard input [default: make one up, and print it].
    #[arg(long)]
    pub password_stdin: bool,
}
