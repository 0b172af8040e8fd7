//! Files and folders as a process sees them, and as a disk has them: what was not synced can be lost.
//!
//! The rules are the strict ones. A file's bytes are safe when the file was synced after they were written; a name is safe when its folder was synced after it was
//! given, changed or taken; neither makes the other safe. After a sync that failed, what it should have saved is still seen and will never be saved.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

use rand::Rng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

/// The folder that everything lies in.
pub const ROOT: u64 = 1;

/// What a disk writes at once: within it a write is never torn.
const SECTOR: usize = 512;

/// All files and folders, by number. Numbers are never used again.
pub struct Tree {
    nodes: HashMap<u64, Node>,
    next: u64,
}

/// A file or a folder.
pub struct Node {
    /// Permission bits.
    pub mode: u16,
    /// Which of the two.
    pub kind: Kind,
}

/// Which of the two.
pub enum Kind {
    /// A file.
    File(Content),
    /// A folder.
    Folder(Names),
}

/// The bytes of a file.
#[derive(Default)]
pub struct Content {
    /// As processes see them.
    pub seen: Vec<u8>,
    /// As they were when they were synced last.
    safe: Vec<u8>,
    /// What was done since, in order.
    unsafe_changes: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

/// The names in a folder.
#[derive(Default)]
pub struct Names {
    /// As processes see them.
    pub seen: BTreeMap<OsString, u64>,
    safe: BTreeMap<OsString, u64>,
    unsafe_changes: Vec<Renaming>,
}

/// A step that is taken whole or not at all.
#[derive(Clone)]
enum Renaming {
    Set(OsString, u64),
    Remove(OsString),
    Move(OsString, OsString),
}

/// What becomes of that which was not synced, when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// All of it is gone.
    All,
    /// Nothing is: the disk was just done with it.
    Nothing,
    /// Some writes are there, some are gone, some are torn; of the changes to a folder's names the first few are there.
    Some,
}

impl Tree {
    /// An empty folder.
    pub fn new() -> Tree {
        let root = Node::folder(0o755);
        Tree {
            nodes: HashMap::from([(ROOT, root)]),
            next: ROOT + 1,
        }
    }

    /// A file or folder.
    pub fn node(&self, number: u64) -> Option<&Node> {
        self.nodes.get(&number)
    }

    /// A name that leads to this number, for people.
    pub fn name_of(&self, number: u64) -> OsString {
        let folders = self.nodes.values().filter_map(|node| match &node.kind {
            Kind::Folder(names) => Some(&names.seen),
            Kind::File(_) => None,
        });
        let mut names = folders.flatten().filter(|(_, inside)| **inside == number);
        names
            .next()
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    /// Changes permission bits.
    pub fn set_mode(&mut self, number: u64, mode: u16) {
        if let Some(node) = self.nodes.get_mut(&number) {
            node.mode = mode;
        }
    }

    /// Bytes in all files that there are, for a disk that can be full.
    pub fn bytes(&self) -> u64 {
        let contents = self.nodes.values().filter_map(Node::content);
        contents.map(|content| content.seen.len() as u64).sum()
    }

    /// The names in a folder.
    pub fn names(&self, folder: u64) -> Option<&BTreeMap<OsString, u64>> {
        match &self.nodes.get(&folder)?.kind {
            Kind::Folder(names) => Some(&names.seen),
            Kind::File(_) => None,
        }
    }

    /// What has this name in a folder.
    pub fn find(&self, folder: u64, name: &OsStr) -> Option<u64> {
        self.names(folder)?.get(name).copied()
    }

    /// Makes an empty file or folder; its number.
    pub fn make(&mut self, folder: u64, name: &OsStr, node: Node) -> u64 {
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, node);
        self.change_names(folder, Renaming::Set(name.to_owned(), number));
        number
    }

    /// Takes a name away.
    pub fn remove(&mut self, folder: u64, name: &OsStr) {
        self.change_names(folder, Renaming::Remove(name.to_owned()));
    }

    /// Gives another name within the folder, taking it from what has it.
    pub fn rename(&mut self, folder: u64, from: &OsStr, to: &OsStr) {
        self.change_names(folder, Renaming::Move(from.to_owned(), to.to_owned()));
    }

    fn change_names(&mut self, folder: u64, change: Renaming) {
        if let Some(Kind::Folder(names)) = self.nodes.get_mut(&folder).map(|node| &mut node.kind) {
            change.apply(&mut names.seen);
            names.unsafe_changes.push(change);
        }
    }

    /// Writes into a file.
    pub fn write(&mut self, file: u64, at: usize, bytes: &[u8]) {
        self.change(file, Change::Write(at, bytes.to_vec()));
    }

    /// Makes a file longer or shorter.
    pub fn resize(&mut self, file: u64, size: usize) {
        self.change(file, Change::Resize(size));
    }

    fn change(&mut self, file: u64, change: Change) {
        if let Some(Kind::File(content)) = self.nodes.get_mut(&file).map(|node| &mut node.kind) {
            change.apply(&mut content.seen);
            content.unsafe_changes.push(change);
        }
    }

    /// Makes a file's bytes, or a folder's names, safe.
    pub fn sync(&mut self, number: u64) {
        match self.nodes.get_mut(&number).map(|node| &mut node.kind) {
            Some(Kind::File(content)) => {
                for change in content.unsafe_changes.drain(..) {
                    change.apply(&mut content.safe);
                }
            }
            Some(Kind::Folder(names)) => {
                for change in names.unsafe_changes.drain(..) {
                    change.apply(&mut names.safe);
                }
            }
            None => {}
        }
    }

    /// A sync that failed: what it should have made safe never will be.
    pub fn fail_sync(&mut self, number: u64) {
        if let Some(Kind::File(content)) = self.nodes.get_mut(&number).map(|node| &mut node.kind) {
            content.unsafe_changes.clear();
        }
    }

    /// Takes everything away.
    pub fn wipe(&mut self) {
        let next = self.next;
        *self = Tree {
            next,
            ..Tree::new()
        };
    }

    /// Loses what may be lost in a power cut. Everything has new numbers afterwards, so that nobody who knew an old one finds it.
    pub fn lose(&mut self, loss: Loss, random: &mut StdRng) {
        let mut after = Tree {
            nodes: HashMap::new(),
            next: self.next,
        };
        let root = self.revive(ROOT, loss, random, &mut after);
        after.nodes.insert(ROOT, root);
        *self = after;
    }

    fn revive(&self, number: u64, loss: Loss, random: &mut StdRng, after: &mut Tree) -> Node {
        let node = &self.nodes[&number];
        let kind = match &node.kind {
            Kind::File(content) => Kind::File(Content::synced(content.after(loss, random))),
            Kind::Folder(names) => {
                let names = names.after(loss, random).into_iter().map(|(name, inside)| {
                    let node = self.revive(inside, loss, random, after);
                    let number = after.next;
                    after.next += 1;
                    after.nodes.insert(number, node);
                    (name, number)
                });
                let seen: BTreeMap<OsString, u64> = names.collect();
                Kind::Folder(Names {
                    safe: seen.clone(),
                    seen,
                    unsafe_changes: Vec::new(),
                })
            }
        };
        Node {
            mode: node.mode,
            kind,
        }
    }
}

impl Node {
    /// An empty file.
    pub fn file(mode: u16) -> Node {
        Node {
            mode,
            kind: Kind::File(Content::default()),
        }
    }

    /// An empty folder.
    pub fn folder(mode: u16) -> Node {
        Node {
            mode,
            kind: Kind::Folder(Names::default()),
        }
    }

    /// A file's bytes.
    pub fn content(&self) -> Option<&Content> {
        match &self.kind {
            Kind::File(content) => Some(content),
            Kind::Folder(_) => None,
        }
    }
}

impl Content {
    fn synced(bytes: Vec<u8>) -> Content {
        Content {
            safe: bytes.clone(),
            seen: bytes,
            unsafe_changes: Vec::new(),
        }
    }

    fn after(&self, loss: Loss, random: &mut StdRng) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for change in &self.unsafe_changes {
            match loss {
                Loss::All => {}
                Loss::Nothing => change.apply(&mut bytes),
                Loss::Some => match random.random_range(0..4) {
                    0 => {}
                    1 => change.tear(&mut bytes, random),
                    _ => change.apply(&mut bytes),
                },
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, written) => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(written);
            }
            Change::Resize(size) => bytes.resize(*size, 0),
        }
    }

    /// Of a write, each sector that it touches is there or not.
    fn tear(&self, bytes: &mut Vec<u8>, random: &mut StdRng) {
        let Change::Write(at, written) = self else {
            return self.apply(bytes);
        };
        let mut from = 0;
        while from < written.len() {
            let to = ((at + from) / SECTOR + 1) * SECTOR - at;
            let to = to.min(written.len());
            if random.random_bool(0.5) {
                Change::Write(at + from, written[from..to].to_vec()).apply(bytes);
            }
            from = to;
        }
    }
}

impl Names {
    fn after(&self, loss: Loss, random: &mut StdRng) -> BTreeMap<OsString, u64> {
        let survive = match loss {
            Loss::All => 0,
            Loss::Nothing => self.unsafe_changes.len(),
            Loss::Some => random.random_range(0..=self.unsafe_changes.len()),
        };
        let mut names = self.safe.clone();
        for change in &self.unsafe_changes[..survive] {
            change.apply(&mut names);
        }
        names
    }
}

impl Renaming {
    fn apply(&self, names: &mut BTreeMap<OsString, u64>) {
        match self {
            Renaming::Set(name, number) => {
                names.insert(name.clone(), *number);
            }
            Renaming::Remove(name) => {
                names.remove(name);
            }
            Renaming::Move(from, to) => {
                if let Some(number) = names.remove(from) {
                    names.insert(to.clone(), number);
                }
            }
        }
    }
}
