//! Compresses the files of `web/dist` and lists them for the crate. The files are committed, so
//! that a clone builds without Node.js. The usual crates for embedding (`rust-embed`,
//! `include_dir`) embed files as they are; here the program has only the compressed ones, which are
//! a third of the size and ready to be sent, and no dependency comes with them.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// The length of an entity tag in bytes: enough that two versions of a file never share one.
const TAG_BYTES: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut paths = Vec::new();
    collect(&dist, &mut paths).map_err(|error| {
        format!(
            "web/dist cannot be read ({error}): it is part of the repository; `git checkout -- \
             web/dist` restores it, and `node web/build.mjs` builds it again"
        )
    })?;
    paths.sort();
    let mut list = String::from("[\n");
    for (number, path) in paths.iter().enumerate() {
        let content = fs::read(path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        fs::write(out.join(format!("{number}.gz")), encoder.finish()?)?;
        let name = path.strip_prefix(&dist)?.to_str().ok_or("no UTF-8")?;
        let tag = Sha256::digest(&content);
        let mut hex = String::new();
        for byte in &tag[..TAG_BYTES] {
            write!(hex, "{byte:02x}")?;
        }
        writeln!(
            list,
            "EmbeddedFile {{ name: {name:?}, tag: \"W/\\\"{hex}\\\"\", gzip: \
             include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.gz\")) }},"
        )?;
    }
    list.push(']');
    fs::write(out.join("files.rs"), list)?;
    Ok(())
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
