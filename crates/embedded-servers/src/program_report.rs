//! Which programs of servers are found, and why others cannot be used.

use std::fmt::Write as _;

use crate::fetch;
use crate::options::ServerOptions;
use crate::programs::locate_programs;
use crate::run_as::Account;

/// The programs that would be used.
#[derive(Debug)]
pub struct ProgramReport {
    /// One line for each program, with the reasons for those that cannot be used.
    pub text: String,
    /// The names of the servers without a usable program.
    pub missing: Vec<&'static str>,
}

impl ProgramReport {
    /// Looks for the programs, and runs them to find out their versions.
    pub fn collect(options: &ServerOptions) -> Self {
        let account = Account::resolve(&options.data.join("servers"));
        let account = account.map_or_else(|| "this user".to_owned(), |account| account.name);
        let cache = match fetch::cache_dir() {
            Ok(dir) => dir.display().to_string(),
            Err(error) => format!("nowhere: {error}"),
        };
        let mut text = format!("servers run as  {account}\nfetched into    {cache}\n");
        let mut missing = Vec::new();
        for (requirement, found) in locate_programs(options) {
            let name = requirement.name();
            // Writing to a String cannot fail.
            let _ = match found {
                Ok(program) => {
                    let (version, origin) = (program.version, program.origin);
                    let path = program.path.display();
                    writeln!(text, "{name:<15} {version} ({origin}) in {path}")
                }
                Err(error) => {
                    missing.push(name);
                    let reasons = error.0.join("\n                ");
                    writeln!(text, "{name:<15} none\n                {reasons}")
                }
            };
        }
        Self { text, missing }
    }
}
