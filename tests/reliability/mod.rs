//! Edits survive: crashes, power cuts, disks that fail, bytes that change. `docs/reliability.md` says what is promised.

mod crashes;
mod faults;
mod service;
mod storm;
