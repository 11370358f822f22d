//! What survives a power loss, and what does not.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::content::FileContent;
use super::inode::{Attributes, InodeKind};
use super::names::{InodeId, NameKey};
use super::pattern::{LossPattern, PAGE_BYTES};
use super::volume::{ROOT, Volume, VolumeError};
use crate::seed::{Rng, seed};

fn key(directory: InodeId, name: &str) -> NameKey {
    NameKey::new(directory, OsStr::new(name))
}

fn create_file(volume: &mut Volume, directory: InodeId, name: &str) -> InodeId {
    let kind = InodeKind::File(FileContent::default());
    let attributes = Attributes::new(0o600, 7, 7);
    volume
        .create(key(directory, name), kind, attributes)
        .expect("a file")
}

fn create_dir(volume: &mut Volume, directory: InodeId, name: &str) -> InodeId {
    let kind = InodeKind::Directory(BTreeMap::new());
    let attributes = Attributes::new(0o700, 7, 7);
    volume
        .create(key(directory, name), kind, attributes)
        .expect("a directory")
}

fn lose_everything(volume: Volume) -> Volume {
    volume
        .lose_power(LossPattern::EVERYTHING, &mut Rng::new(1))
        .0
}

fn read(volume: &mut Volume, directory: InodeId, name: &str) -> Result<Vec<u8>, VolumeError> {
    let inode = volume.lookup(directory, OsStr::new(name))?;
    let content = volume.content(inode)?;
    Ok(content.read(0, content.len()).to_vec())
}

#[test]
fn what_was_synced_survives_and_nothing_else() {
    let mut volume = Volume::new();
    let synced = create_file(&mut volume, ROOT, "synced");
    volume.write(synced, 0, b"first").expect("written");
    volume.sync(synced).expect("synced");
    volume.write(synced, 5, b" second").expect("written");
    let other = create_file(&mut volume, ROOT, "other");
    volume.write(other, 0, b"text").expect("written");
    let mut after = lose_everything(volume);
    assert_eq!(read(&mut after, ROOT, "synced"), Ok(b"first".to_vec()));
    assert_eq!(read(&mut after, ROOT, "other"), Err(VolumeError::NotFound));
}

#[test]
fn a_name_without_content_survives_a_sync_of_its_directory() {
    let mut volume = Volume::new();
    let file = create_file(&mut volume, ROOT, "file");
    volume.write(file, 0, b"text").expect("written");
    volume.sync(ROOT).expect("synced");
    let mut after = lose_everything(volume);
    assert_eq!(read(&mut after, ROOT, "file"), Ok(Vec::new()));
}

#[test]
fn the_first_sync_of_a_file_makes_it_reachable() {
    let mut volume = Volume::new();
    let outer = create_dir(&mut volume, ROOT, "outer");
    let inner = create_dir(&mut volume, outer, "inner");
    let file = create_file(&mut volume, inner, "file");
    create_file(&mut volume, inner, "unsynced");
    volume.sync(file).expect("synced");
    let mut after = lose_everything(volume);
    assert_eq!(read(&mut after, inner, "file"), Ok(Vec::new()));
    let found = after.lookup(outer, OsStr::new("inner"));
    assert_eq!(found, Ok(inner));
    let unsynced = read(&mut after, inner, "unsynced");
    assert_eq!(unsynced, Err(VolumeError::NotFound));
}

#[test]
fn a_rename_needs_a_sync_of_the_directory() {
    let build = |syncs: bool| {
        let mut volume = Volume::new();
        let old = create_file(&mut volume, ROOT, "file");
        volume.write(old, 0, b"old").expect("written");
        volume.sync(old).expect("synced");
        let new = create_file(&mut volume, ROOT, "file.new");
        volume.write(new, 0, b"new").expect("written");
        volume.sync(new).expect("synced");
        let renamed = volume.rename(key(ROOT, "file.new"), key(ROOT, "file"), false);
        renamed.expect("renamed");
        // Neither does a sync of the file help, which has a name on the disk.
        volume.sync(new).expect("synced");
        if syncs {
            volume.sync(ROOT).expect("synced");
        }
        lose_everything(volume)
    };
    let mut kept = build(true);
    assert_eq!(read(&mut kept, ROOT, "file"), Ok(b"new".to_vec()));
    assert_eq!(
        read(&mut kept, ROOT, "file.new"),
        Err(VolumeError::NotFound)
    );
    let mut lost = build(false);
    assert_eq!(read(&mut lost, ROOT, "file"), Ok(b"old".to_vec()));
    assert_eq!(read(&mut lost, ROOT, "file.new"), Ok(b"new".to_vec()));
}

#[test]
fn a_removed_file_is_back_until_the_directory_is_synced() {
    for syncs in [false, true] {
        let mut volume = Volume::new();
        let file = create_file(&mut volume, ROOT, "file");
        volume.sync(file).expect("synced");
        volume.remove(key(ROOT, "file"), false).expect("removed");
        if syncs {
            volume.sync(ROOT).expect("synced");
        }
        let mut after = lose_everything(volume);
        assert_eq!(read(&mut after, ROOT, "file").is_ok(), !syncs);
    }
}

#[test]
fn a_rename_into_another_directory_survives_whole_or_not_at_all() {
    for synced in [0, 1] {
        let mut volume = Volume::new();
        let dirs = ["a", "b"].map(|name| create_dir(&mut volume, ROOT, name));
        let file = create_file(&mut volume, dirs[0], "file");
        volume.sync(file).expect("synced");
        volume.sync(dirs[1]).expect("synced");
        let renamed = volume.rename(key(dirs[0], "file"), key(dirs[1], "file"), false);
        renamed.expect("renamed");
        volume.sync(dirs[synced]).expect("synced");
        let mut after = lose_everything(volume);
        let found = dirs.map(|dir| read(&mut after, dir, "file").is_ok());
        assert_eq!(found, [false, true], "{synced}");
    }
}

#[test]
fn a_truncation_survives_a_sync() {
    let mut volume = Volume::new();
    let file = create_file(&mut volume, ROOT, "file");
    let long = vec![7; 3 * PAGE_BYTES];
    volume.write(file, 0, &long).expect("written");
    volume.sync(file).expect("synced");
    volume.set_len(file, PAGE_BYTES + 10).expect("truncated");
    volume.set_len(file, 2 * PAGE_BYTES).expect("extended");
    let expected = volume
        .content(file)
        .expect("a file")
        .read(0, 9_999)
        .to_vec();
    volume.sync(file).expect("synced");
    let mut after = lose_everything(volume);
    assert_eq!(read(&mut after, ROOT, "file"), Ok(expected));
    let file = after.lookup(ROOT, OsStr::new("file")).expect("found");
    after.set_len(file, 0).expect("truncated");
    let mut after = lose_everything(after);
    let left = read(&mut after, ROOT, "file").expect("found").len();
    assert_eq!(left, 2 * PAGE_BYTES);
}

#[test]
fn attributes_survive_a_sync() {
    let mut volume = Volume::new();
    let file = create_file(&mut volume, ROOT, "file");
    volume.sync(file).expect("synced");
    volume
        .set_attributes(file, |attributes| attributes.mode = 0o777)
        .expect("changed");
    let after = lose_everything(volume);
    assert_eq!(after.inode(file).expect("found").attributes.mode, 0o600);
}

#[test]
fn a_partial_loss_keeps_old_or_new_units() {
    let mut rng = Rng::new(seed("partial_loss"));
    let mut torn = 0;
    for _ in 0..100 {
        let mut volume = Volume::new();
        let file = create_file(&mut volume, ROOT, "file");
        volume
            .write(file, 0, &[1; 4 * PAGE_BYTES])
            .expect("written");
        volume.sync(file).expect("synced");
        volume
            .write(file, 0, &[2; 3 * PAGE_BYTES])
            .expect("written");
        let pattern = LossPattern::random(&mut rng);
        let (mut after, loss) = volume.lose_power(pattern, &mut rng);
        let left = read(&mut after, ROOT, "file").expect("found");
        assert_eq!(left.len(), 4 * PAGE_BYTES);
        let new = left.iter().filter(|byte| **byte == 2).count();
        assert_eq!(loss.bytes.unsynced, 3 * PAGE_BYTES);
        assert_eq!(loss.bytes.lost, 3 * PAGE_BYTES - new);
        for unit in left.chunks(pattern.unit_bytes) {
            assert!(unit.iter().all(|byte| *byte == unit[0]));
        }
        torn += usize::from(!new.is_multiple_of(PAGE_BYTES));
    }
    assert!(torn > 0, "no page was ever torn");
}

#[test]
fn a_lying_disk_loses_the_log_of_postgres() {
    let mut volume = Volume::new();
    let log_dir = create_dir(&mut volume, ROOT, "pg_wal");
    let log = create_file(&mut volume, log_dir, "1");
    let other = create_file(&mut volume, ROOT, "other");
    volume.sync(log).expect("synced");
    volume.ignores_log_syncs = true;
    for file in [log, other] {
        volume.write(file, 0, b"text").expect("written");
        volume.sync(file).expect("synced");
    }
    let mut after = lose_everything(volume);
    assert_eq!(read(&mut after, log_dir, "1"), Ok(Vec::new()));
    assert_eq!(read(&mut after, ROOT, "other"), Ok(b"text".to_vec()));
}
