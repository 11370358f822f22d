//! Serves a [`Volume`] to the kernel. Once the power is off, nothing is read or written any more.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::content::FileContent;
use super::inode::{Attributes, InodeKind};
use super::names::{InodeId, NameKey};
use super::volume::{ROOT, Volume, VolumeError};

/// How long the kernel may keep names and attributes: it makes all changes itself.
const TTL: Duration = Duration::from_secs(3600);

/// The size that the file system reports, with the unit in which it does.
const BLOCK_BYTES: u32 = 4096;
const TOTAL_BLOCKS: u64 = 16 * 1024 * 1024 * 1024 / BLOCK_BYTES as u64;

/// The longest name.
const MAX_NAME_BYTES: u32 = 255;

/// The state that the kernel and the run share.
#[derive(Debug)]
pub(super) struct PoweredVolume {
    pub(super) volume: Volume,
    pub(super) is_off: bool,
}

/// The file system, for the kernel.
#[derive(Debug, Clone)]
pub(super) struct VolumeAdapter(pub(super) Arc<Mutex<PoweredVolume>>);

impl VolumeAdapter {
    pub(super) fn lock(&self) -> MutexGuard<'_, PoweredVolume> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        operation: impl FnOnce(&mut Volume) -> Result<T, VolumeError>,
    ) -> Result<T, Errno> {
        let mut powered = self.lock();
        if powered.is_off {
            return Err(Errno::EIO);
        }
        operation(&mut powered.volume).map_err(to_errno)
    }

    fn create_inode(
        &self,
        key: NameKey,
        kind: InodeKind,
        attributes: Attributes,
    ) -> Result<FileAttr, Errno> {
        self.with(|volume| {
            let inode = volume.create(key, kind, attributes)?;
            file_attr(volume, inode)
        })
    }
}

fn to_errno(error: VolumeError) -> Errno {
    match error {
        VolumeError::NotFound => Errno::ENOENT,
        VolumeError::Exists => Errno::EEXIST,
        VolumeError::NotEmpty => Errno::ENOTEMPTY,
        VolumeError::NotADirectory => Errno::ENOTDIR,
        VolumeError::IsADirectory => Errno::EISDIR,
        VolumeError::Invalid => Errno::EINVAL,
    }
}

fn file_attr(volume: &Volume, id: InodeId) -> Result<FileAttr, VolumeError> {
    let inode = volume.inode(id)?;
    let (kind, size) = match &inode.kind {
        InodeKind::File(content) => (FileType::RegularFile, content.len()),
        InodeKind::Directory(_) => (FileType::Directory, 0),
        InodeKind::Symlink(target) => (FileType::Symlink, target.as_os_str().len()),
    };
    let modified = inode.attributes.modified;
    Ok(FileAttr {
        ino: INodeNo(id),
        size: size as u64,
        blocks: (size as u64).div_ceil(512),
        atime: modified,
        mtime: modified,
        ctime: modified,
        crtime: modified,
        kind,
        perm: inode.attributes.mode,
        nlink: inode.names.len() as u32 + u32::from(inode.is_directory()),
        uid: inode.attributes.uid,
        gid: inode.attributes.gid,
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    })
}

fn answer(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

fn answer_entry(reply: ReplyEntry, outcome: Result<FileAttr, Errno>) {
    match outcome {
        Ok(attr) => reply.entry(&TTL, &attr, Generation(0)),
        Err(errno) => reply.error(errno),
    }
}

fn answer_attr(reply: ReplyAttr, outcome: Result<FileAttr, Errno>) {
    match outcome {
        Ok(attr) => reply.attr(&TTL, &attr),
        Err(errno) => reply.error(errno),
    }
}

impl Filesystem for VolumeAdapter {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.with(|volume| {
            let inode = volume.lookup(parent.0, name)?;
            file_attr(volume, inode)
        });
        answer_entry(reply, found);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer_attr(reply, self.with(|volume| file_attr(volume, ino.0)));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let changed = self.with(|volume| {
            if let Some(size) = size {
                volume.set_len(ino.0, size as usize)?;
            }
            volume.set_attributes(ino.0, |attributes| {
                attributes.mode = mode.map_or(attributes.mode, |mode| (mode & 0o7777) as u16);
                attributes.uid = uid.unwrap_or(attributes.uid);
                attributes.gid = gid.unwrap_or(attributes.gid);
                match mtime {
                    Some(TimeOrNow::SpecificTime(time)) => attributes.modified = time,
                    Some(TimeOrNow::Now) => attributes.modified = SystemTime::now(),
                    None => {}
                }
            })?;
            file_attr(volume, ino.0)
        });
        answer_attr(reply, changed);
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        let target = self.with(|volume| match &volume.inode(ino.0)?.kind {
            InodeKind::Symlink(target) => Ok(target.clone()),
            _ => Err(VolumeError::Invalid),
        });
        match target {
            Ok(target) => reply.data(target.as_os_str().as_encoded_bytes()),
            Err(errno) => reply.error(errno),
        }
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        let attributes = Attributes::new(mode, request.uid(), request.gid());
        let kind = InodeKind::Directory(BTreeMap::new());
        answer_entry(
            reply,
            self.create_inode(NameKey::new(parent.0, name), kind, attributes),
        );
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let key = NameKey::new(parent.0, name);
        answer(reply, self.with(|volume| volume.remove(key, false)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let key = NameKey::new(parent.0, name);
        answer(reply, self.with(|volume| volume.remove(key, true)));
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        link_name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let attributes = Attributes::new(0o777, request.uid(), request.gid());
        let kind = InodeKind::Symlink(target.to_owned());
        answer_entry(
            reply,
            self.create_inode(NameKey::new(parent.0, link_name), kind, attributes),
        );
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !RenameFlags::RENAME_NOREPLACE.contains(flags) {
            reply.error(Errno::EINVAL);
            return;
        }
        let from = NameKey::new(parent.0, name);
        let to = NameKey::new(newparent.0, newname);
        let renamed = self.with(|volume| volume.rename(from, to, !flags.is_empty()));
        answer(reply, renamed);
    }

    fn link(
        &self,
        _: &Request,
        ino: INodeNo,
        newparent: INodeNo,
        newname: &OsStr,
        reply: ReplyEntry,
    ) {
        let linked = self.with(|volume| {
            volume.link(ino.0, NameKey::new(newparent.0, newname))?;
            file_attr(volume, ino.0)
        });
        answer_entry(reply, linked);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let attributes = Attributes::new(mode, request.uid(), request.gid());
        let kind = InodeKind::File(FileContent::default());
        let created = self.create_inode(NameKey::new(parent.0, name), kind, attributes);
        match created {
            Ok(attr) => {
                let (handle, flags) = (FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
                reply.created(&TTL, &attr, Generation(0), handle, flags);
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = self.with(|volume| {
            let content = volume.content(ino.0)?;
            Ok(content.read(offset as usize, size as usize).to_vec())
        });
        match read {
            Ok(data) => reply.data(&data),
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.with(|volume| volume.write(ino.0, offset as usize, data)) {
            Ok(()) => reply.written(data.len() as u32),
            Err(errno) => reply.error(errno),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // A close makes nothing durable.
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.with(|volume| volume.sync(ino.0)));
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(reply, self.with(|volume| volume.sync(ino.0)));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let listed = self.with(|volume| {
            let mut names = Vec::new();
            for (name, listed) in volume.list(ino.0)? {
                let kind = file_attr(volume, listed.inode)?.kind;
                names.push((listed.cookie, listed.inode, kind, name.clone()));
            }
            let mut above = volume.inode(ino.0)?.names.iter();
            let parent = above.next().map_or(ROOT, |key| key.directory);
            names.push((1, ino.0, FileType::Directory, ".".into()));
            names.push((2, parent, FileType::Directory, "..".into()));
            names.retain(|(cookie, ..)| *cookie > offset);
            names.sort_unstable_by_key(|(cookie, ..)| *cookie);
            Ok(names)
        });
        match listed {
            Ok(names) => {
                for (cookie, inode, kind, name) in names {
                    if reply.add(INodeNo(inode), cookie, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let (blocks, files) = (TOTAL_BLOCKS, TOTAL_BLOCKS);
        reply.statfs(
            blocks,
            blocks,
            blocks,
            files,
            files,
            BLOCK_BYTES,
            MAX_NAME_BYTES,
            BLOCK_BYTES,
        );
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode != 0 {
            reply.error(Errno::EOPNOTSUPP);
            return;
        }
        let extended = self.with(|volume| {
            let (end, len) = ((offset + length) as usize, volume.content(ino.0)?.len());
            if end > len {
                volume.set_len(ino.0, end)?;
            }
            Ok(())
        });
        answer(reply, extended);
    }
}
