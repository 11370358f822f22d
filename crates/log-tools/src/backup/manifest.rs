//! `manifest.json`: what a backup contains, and where in the log it ends.

use anyhow::{Result, bail};
use data_dir::UsageError;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The schemas of what cannot be derived: the log, the webhooks with their positions, when users
/// were online last, the local accounts, secrets, and the tokens and pushes of devices.
pub(super) const SCHEMAS: [&str; 7] = [
    "log", "hooks", "presence", "accounts", "audit", "secrets", "push",
];

/// The file name of the manifest.
pub(super) const MANIFEST_FILE: &str = "manifest.json";

/// The version of the format. Increment it when an older program would restore wrongly.
const FORMAT: u32 = 1;

/// The manifest of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The version of the format.
    pub format: u32,
    /// The version of the program that made it.
    pub tidings: String,
    /// The number of the newest migration of the database.
    pub schema: i64,
    /// When it was made, by the clock of that machine.
    pub created_at: Timestamp,
    /// The identity of the log.
    pub log_id: String,
    /// The position of the last event.
    pub position: i64,
    /// The cursor of the last event: clients with this cursor or an earlier one can continue.
    pub cursor: String,
    /// The tables, in the order in which they are restored.
    pub tables: Vec<BackupTable>,
    /// The other files: keys and settings.
    pub files: Vec<String>,
}

/// One table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupTable {
    /// The schema.
    pub schema: String,
    /// The name in it.
    pub name: String,
    /// The columns, in the order of the file.
    pub columns: Vec<String>,
    /// The file with its rows.
    pub file: String,
    /// The number of rows.
    pub rows: u64,
}

impl BackupTable {
    /// The table with its columns, quoted for SQL.
    pub(super) fn to_sql(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|name| quote(name)).collect();
        format!("{} ({})", self.name_sql(), columns.join(", "))
    }

    /// The name of the table, quoted for SQL.
    pub(super) fn name_sql(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }
}

impl BackupManifest {
    /// The version of the format that this program writes.
    pub(super) const FORMAT: u32 = FORMAT;

    /// Checks that this program can restore it, and that it says nothing that a program never
    /// wrote.
    pub(super) fn check(&self) -> Result<()> {
        let newest = migrations::newest_version();
        if self.format != FORMAT || self.schema > newest {
            let message = format!(
                "the backup was made by Tidings {} (format {}, schema {}); this program knows format \
                 {FORMAT} and schemas up to {newest}: restore it with that version or a newer one",
                self.tidings, self.format, self.schema
            );
            return Err(UsageError(message).into());
        }
        for table in &self.tables {
            if !SCHEMAS.contains(&table.schema.as_str()) || table.columns.is_empty() {
                bail!(
                    "the manifest lists an unknown table {}.{}",
                    table.schema,
                    table.name
                );
            }
        }
        Ok(())
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> BackupManifest {
        BackupManifest {
            format: FORMAT,
            tidings: "9.9.9".into(),
            schema: migrations::newest_version(),
            created_at: Timestamp::from_millis(0),
            log_id: String::new(),
            position: 1,
            cursor: "1.00000000".into(),
            tables: vec![BackupTable {
                schema: "log".into(),
                name: "a\"b".into(),
                columns: vec!["c".into(), "d".into()],
                file: "f".into(),
                rows: 0,
            }],
            files: Vec::new(),
        }
    }

    #[test]
    fn a_newer_backup_is_refused_with_its_version() {
        manifest().check().expect("it is current");
        let newer_schema = BackupManifest {
            schema: migrations::newest_version() + 1,
            ..manifest()
        };
        let newer_format = BackupManifest {
            format: FORMAT + 1,
            ..manifest()
        };
        for manifest in [newer_schema, newer_format] {
            let error = manifest.check().expect_err("it is newer");
            assert!(error.is::<UsageError>());
            assert!(error.to_string().contains("Tidings 9.9.9"), "{error}");
        }
    }

    #[test]
    fn only_tables_of_a_backup_are_written_and_names_are_quoted() {
        let mut manifest = manifest();
        assert_eq!(
            manifest.tables[0].to_sql(),
            "\"log\".\"a\"\"b\" (\"c\", \"d\")"
        );
        manifest.tables[0].schema = "read".into();
        assert!(manifest.check().is_err());
    }
}
