//! What the kernel asks of the disk.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::state::{Op, State, Trouble, Verdict};
use super::tree::{Kind, Node};

/// Names are asked for each time: after a power cut they mean other files.
const UNCACHED: Duration = Duration::ZERO;

/// The disk as the kernel sees it.
pub struct Files {
    state: Arc<Mutex<State>>,
}

/// The disk, whatever became of who had it before.
pub fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer<T> = Result<T, Errno>;

impl Files {
    pub fn new(state: Arc<Mutex<State>>) -> Files {
        Files { state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn attributes(state: &State, number: u64) -> Answer<FileAttr> {
        let node = state.tree.node(number).ok_or(Errno::ENOENT)?;
        let (kind, size) = match &node.kind {
            Kind::File(content) => (FileType::RegularFile, content.seen.len() as u64),
            Kind::Folder(_) => (FileType::Directory, 0),
        };
        Ok(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm: node.mode,
            nlink: 1,
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    fn find(&self, folder: INodeNo, name: &OsStr) -> Answer<FileAttr> {
        let state = self.lock();
        let number = state.tree.find(folder.0, name).ok_or(Errno::ENOENT)?;
        Files::attributes(&state, number)
    }

    /// Something that is asked once: done, or not.
    fn ask(
        &self,
        op: Op,
        name: &str,
        bytes: usize,
        work: impl FnOnce(&mut State) -> Answer<()>,
    ) -> Answer<()> {
        let mut state = self.lock();
        match state.ask(op, name, bytes) {
            Verdict::Do => work(&mut state),
            Verdict::DoAndDie => {
                work(&mut state)?;
                Err(Errno::EIO)
            }
            Verdict::Fail(trouble) => Err(errno(trouble)),
        }
    }

    fn make(&self, folder: INodeNo, name: &OsStr, node: Node) -> Answer<FileAttr> {
        let op = match node.kind {
            Kind::File(_) => Op::Create,
            Kind::Folder(_) => Op::MakeFolder,
        };
        let mut made = Err(Errno::EIO);
        self.ask(op, &name.to_string_lossy(), 0, |state| {
            if state.room() == 0 {
                return Err(Errno::ENOSPC);
            }
            if state.tree.find(folder.0, name).is_some() {
                return Err(Errno::EEXIST);
            }
            let number = state.tree.make(folder.0, name, node);
            made = Files::attributes(state, number);
            Ok(())
        })?;
        made
    }

    /// How many of the bytes were written: fewer than asked for when no more fit.
    fn write(&self, file: INodeNo, at: u64, bytes: &[u8], by_kernel: bool) -> Answer<u32> {
        let mut fits = bytes.len();
        let mut work = |state: &mut State| {
            let node = state.tree.node(file.0).ok_or(Errno::EBADF)?;
            let size = node.content().ok_or(Errno::EISDIR)?.seen.len() as u64;
            let end = at + bytes.len() as u64;
            let missing = end.saturating_sub(size).saturating_sub(state.room());
            fits = bytes
                .len()
                .saturating_sub(usize::try_from(missing).unwrap_or(usize::MAX));
            if fits == 0 && !bytes.is_empty() {
                return Err(Errno::ENOSPC);
            }
            let at = usize::try_from(at).map_err(|_| Errno::EFBIG)?;
            state.tree.write(file.0, at, &bytes[..fits]);
            Ok(())
        };
        if by_kernel {
            work(&mut self.lock())?;
        } else {
            self.ask(Op::Write, &self.name(file), bytes.len(), work)?;
        }
        Ok(u32::try_from(fits).unwrap_or(u32::MAX))
    }

    fn resize(&self, file: INodeNo, size: u64) -> Answer<()> {
        let size = usize::try_from(size).map_err(|_| Errno::EFBIG)?;
        self.ask(Op::Resize, &self.name(file), size, |state| {
            state.tree.resize(file.0, size);
            Ok(())
        })
    }

    fn sync(&self, op: Op, number: INodeNo) -> Answer<()> {
        let name = self.name(number);
        let mut state = self.lock();
        match state.ask(op, &name, 0) {
            Verdict::Do => {
                state.tree.sync(number.0);
                Ok(())
            }
            // The power goes before it is done.
            Verdict::DoAndDie => Err(Errno::EIO),
            Verdict::Fail(trouble) => {
                if !state.is_off() {
                    state.tree.fail_sync(number.0);
                }
                Err(errno(trouble))
            }
        }
    }

    fn rename(&self, folder: INodeNo, from: &OsStr, to_folder: INodeNo, to: &OsStr) -> Answer<()> {
        if folder != to_folder {
            return Err(Errno::EXDEV);
        }
        self.ask(Op::Rename, &to.to_string_lossy(), 0, |state| {
            state.tree.find(folder.0, from).ok_or(Errno::ENOENT)?;
            state.tree.rename(folder.0, from, to);
            Ok(())
        })
    }

    fn remove(&self, folder: INodeNo, name: &OsStr) -> Answer<()> {
        self.ask(Op::Remove, &name.to_string_lossy(), 0, |state| {
            let number = state.tree.find(folder.0, name).ok_or(Errno::ENOENT)?;
            if state
                .tree
                .names(number)
                .is_some_and(|names| !names.is_empty())
            {
                return Err(Errno::ENOTEMPTY);
            }
            state.tree.remove(folder.0, name);
            Ok(())
        })
    }

    /// For people: how a file is called now.
    fn name(&self, number: INodeNo) -> String {
        let name = self.lock().tree.name_of(number.0);
        name.to_string_lossy().into_owned()
    }
}

fn errno(trouble: Trouble) -> Errno {
    match trouble {
        Trouble::Broken => Errno::EIO,
        Trouble::Full => Errno::ENOSPC,
    }
}

fn empty(answer: Answer<()>, reply: ReplyEmpty) {
    match answer {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn entry(answer: Answer<FileAttr>, reply: ReplyEntry) {
    match answer {
        Ok(attributes) => reply.entry(&UNCACHED, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

fn permissions(mode: u32, umask: u32) -> u16 {
    u16::try_from(mode & !umask & 0o7777).unwrap_or_default()
}

impl Filesystem for Files {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(self.find(parent, name), reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match Files::attributes(&self.lock(), ino.0) {
            Ok(attributes) => reply.attr(&UNCACHED, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        if let Some(mode) = mode {
            self.lock().tree.set_mode(ino.0, permissions(mode, 0));
        }
        match size.map_or(Ok(()), |size| self.resize(ino, size)) {
            Ok(()) => self.getattr(request, ino, None, reply),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let node = Node::folder(permissions(mode, umask));
        entry(self.make(parent, name, node), reply);
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, Node::file(permissions(mode, umask))) {
            Ok(attributes) => reply.created(
                &UNCACHED,
                &attributes,
                Generation(0),
                FileHandle(0),
                FopenFlags::empty(),
            ),
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(self.remove(parent, name), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(self.remove(parent, name), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        empty(self.rename(parent, name, newparent, newname), reply);
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
        let state = self.lock();
        let Some(content) = state.tree.node(ino.0).and_then(Node::content) else {
            return reply.error(Errno::EBADF);
        };
        let from = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(content.seen.len());
        let to = from.saturating_add(size as usize).min(content.seen.len());
        reply.data(&content.seen[from..to]);
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let by_kernel = flags.contains(WriteFlags::FUSE_WRITE_CACHE);
        match self.write(ino, offset, data, by_kernel) {
            Ok(written) => reply.written(written),
            Err(error) => reply.error(error),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(self.sync(Op::Sync, ino), reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(self.sync(Op::SyncFolder, ino), reply);
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let state = self.lock();
        let Some(names) = state.tree.names(ino.0) else {
            return reply.error(Errno::ENOTDIR);
        };
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        for (index, (name, number)) in names.iter().enumerate().skip(skip) {
            let kind = match state.tree.node(*number).map(|node| &node.kind) {
                Some(Kind::Folder(_)) => FileType::Directory,
                Some(Kind::File(_)) | None => FileType::RegularFile,
            };
            if reply.add(INodeNo(*number), index as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}
