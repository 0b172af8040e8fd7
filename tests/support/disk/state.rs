//! A disk's files, what has happened to it, and what is to happen.

use std::collections::VecDeque;
use std::fmt;

use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::tree::{Loss, Tree};

/// What can be asked of a disk that changes it, or makes a change safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Bytes are written.
    Write,
    /// A file is made longer or shorter.
    Resize,
    /// A file is synced.
    Sync,
    /// A folder is synced.
    SyncFolder,
    /// A file is made.
    Create,
    /// A folder is made.
    MakeFolder,
    /// A name is taken away.
    Remove,
    /// A file gets another name.
    Rename,
}

/// One thing that was asked of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point {
    /// They are counted from 1.
    pub number: u64,
    /// What it was.
    pub op: Op,
    /// The last part of the file's path.
    pub file: String,
    /// Bytes written, or the new size.
    pub bytes: usize,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Point {
            number,
            op,
            file,
            bytes,
        } = self;
        write!(f, "{number}: {op:?} {file} {bytes}")
    }
}

/// What a disk says when it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// EIO.
    Broken,
    /// ENOSPC.
    Full,
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It fails, once.
    Once(Trouble),
    /// It fails, and so does everything after it until the disk is healed.
    FromThenOn(Trouble),
    /// The power goes while it is under way.
    PowerCut,
}

/// What becomes of what is asked.
pub enum Verdict {
    /// It is done.
    Do,
    /// It is done, and the power is gone before anybody hears of it.
    DoAndDie,
    /// It fails.
    Fail(Trouble),
}

/// Points that are remembered.
const REMEMBERED: usize = 60;

/// A disk.
pub struct State {
    pub tree: Tree,
    count: u64,
    recent: VecDeque<Point>,
    planned: Option<(u64, Fault)>,
    lasting: Option<Trouble>,
    struck: bool,
    off: bool,
    capacity: u64,
}

impl State {
    pub fn new() -> State {
        State {
            tree: Tree::new(),
            count: 0,
            recent: VecDeque::new(),
            planned: None,
            lasting: None,
            struck: false,
            off: false,
            capacity: u64::MAX,
        }
    }

    pub fn wipe(&mut self) {
        self.tree.wipe();
        self.off = false;
        self.struck = false;
        self.count = 0;
        self.recent.clear();
        self.heal();
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn recent(&self) -> Vec<Point> {
        self.recent.iter().cloned().collect()
    }

    pub fn plan(&mut self, number: u64, fault: Fault) {
        self.planned = Some((number, fault));
        self.struck = false;
    }

    pub fn take_strike(&mut self) -> bool {
        std::mem::take(&mut self.struck)
    }

    pub fn is_troubled(&self) -> bool {
        self.struck || self.off || self.lasting.is_some() || self.capacity != u64::MAX
    }

    pub fn heal(&mut self) {
        self.planned = None;
        self.lasting = None;
        self.capacity = u64::MAX;
    }

    pub fn leave_room(&mut self, bytes: u64) {
        self.capacity = self.tree.bytes() + bytes;
    }

    /// Bytes that still fit.
    pub fn room(&self) -> u64 {
        self.capacity.saturating_sub(self.tree.bytes())
    }

    pub fn cut_power(&mut self) {
        self.off = true;
    }

    pub fn is_off(&self) -> bool {
        self.off
    }

    pub fn restore_power(&mut self, loss: Loss, random: &mut StdRng) {
        self.tree.lose(loss, random);
        self.off = false;
        self.heal();
    }

    /// Counts what is asked, and decides what becomes of it.
    pub fn ask(&mut self, op: Op, file: &str, bytes: usize) -> Verdict {
        if self.off {
            return Verdict::Fail(Trouble::Broken);
        }
        self.count += 1;
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(Point {
            number: self.count,
            op,
            file: file.to_owned(),
            bytes,
        });
        if let Some(trouble) = self.lasting {
            return Verdict::Fail(trouble);
        }
        let Some((_, fault)) = self.planned.take_if(|(number, _)| *number == self.count) else {
            return Verdict::Do;
        };
        self.struck = true;
        match fault {
            Fault::Once(trouble) => Verdict::Fail(trouble),
            Fault::FromThenOn(trouble) => {
                self.lasting = Some(trouble);
                Verdict::Fail(trouble)
            }
            Fault::PowerCut => {
                self.off = true;
                Verdict::DoAndDie
            }
        }
    }
}
