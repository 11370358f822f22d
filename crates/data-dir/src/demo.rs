//! A demo signs in with a password that is in its data directory. A directory with anything else is
//! not filled with a demo.

use std::fs;

use anyhow::Result;

use crate::directory::DataDir;
use crate::key_file;
use crate::secret::SecretString;
use crate::usage_error::UsageError;

/// The password of everybody in the demo of this directory, which becomes one if it is new.
pub fn load_or_create_password(data: &DataDir) -> Result<SecretString> {
    let file = data.path().join("demo-password");
    let mut content = fs::read_dir(data.path()).into_iter().flatten();
    if !file.exists() && content.next().is_some() {
        return Err(UsageError(format!(
            "{} has something that is no demo: choose another directory with --data",
            data.path().display()
        ))
        .into());
    }
    let made_up = || format!("tea-{}", &uuid::Uuid::new_v4().simple().to_string()[..10]);
    let text = key_file::read_or_create(&file, made_up)?;
    Ok(SecretString::new(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_directory_becomes_a_demo_and_it_keeps_its_password() {
        let parent = tempfile::tempdir().expect("a directory");
        let data = DataDir::new(parent.path().join("demo"));
        let first = load_or_create_password(&data).expect("a new directory");
        fs::write(data.path().join("more"), "").expect("a file");
        let again = load_or_create_password(&data).expect("the same directory");
        assert_eq!(first.reveal(), again.reveal());
        let other = DataDir::new(parent.path());
        let refused = load_or_create_password(&other).expect_err("another directory");
        assert!(refused.is::<UsageError>(), "{refused:#}");
    }
}
