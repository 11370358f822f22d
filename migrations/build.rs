//! Rebuilds the crate when a migration file is added, because `sqlx::migrate!` embeds the directory
//! without cargo knowing about it.

fn main() {
    println!("cargo:rerun-if-changed=sql");
}
