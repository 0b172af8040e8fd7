//! The keys as a tree of sections, in the order of the table: what sample, schema and manual walk along.

use super::keys::{self, Group, Key};

/// A name in a section.
pub struct Entry {
    /// The name; it may have a `*` in it.
    pub name: &'static str,
    /// What says something by being there.
    pub group: Option<&'static Group>,
    /// What stands behind it.
    pub what: Behind,
}

/// What stands behind a name.
pub enum Behind {
    /// A value.
    Key(&'static Key),
    /// More names.
    Section(Vec<Entry>),
}

/// Every section and key.
pub fn outline() -> Vec<Entry> {
    let mut entries = Vec::new();
    for key in keys::all() {
        add(&mut entries, key.path, "", Some(key));
    }
    for group in keys::groups() {
        add(&mut entries, group.path, "", None);
    }
    entries
}

/// Adds what is left of a path below the sections that it has come through.
fn add(entries: &mut Vec<Entry>, left: &'static str, through: &str, key: Option<&'static Key>) {
    let (name, rest) = left.split_once('.').unwrap_or((left, ""));
    let path = match through {
        "" => name.to_owned(),
        through => format!("{through}.{name}"),
    };
    let at = entries.iter().position(|entry| entry.name == name);
    let at = at.unwrap_or_else(|| {
        entries.push(Entry {
            name,
            group: keys::groups().find(|group| group.path == path),
            what: match key {
                Some(key) if rest.is_empty() => Behind::Key(key),
                Some(_) | None => Behind::Section(Vec::new()),
            },
        });
        entries.len() - 1
    });
    if let (false, Behind::Section(inner)) = (rest.is_empty(), &mut entries[at].what) {
        add(inner, rest, &path, key);
    }
}
