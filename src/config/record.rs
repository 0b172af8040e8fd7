//! Lists of sections: what their items have, and what is said of one that does not fit.

use serde_yaml::Value;

use super::kind::{Kind, Wrong};
use super::near;
use super::tree::{Node, What};

/// The members that items of a list have, those that must be there first.
pub struct Record {
    members: &'static [(&'static str, Kind)],
    needed: usize,
}

impl Record {
    /// That of the items of a list of this kind, if they are no texts.
    pub fn of(list: Kind) -> Option<Record> {
        let (members, needed): (&[(&str, Kind)], usize) = match list {
            Kind::Servers => (
                &[
                    ("id", Kind::Text),
                    ("address", Kind::Text),
                    ("port", Kind::Port),
                ],
                3,
            ),
            // The pattern is checked where it is taken.
            Kind::Rules => (
                &[
                    ("partition", Kind::Text),
                    ("read", Kind::Flag),
                    ("write", Kind::Flag),
                    ("manage", Kind::Flag),
                ],
                1,
            ),
            Kind::Claims => (
                &[
                    ("claim", Kind::Text),
                    ("name", Kind::Text),
                    ("required", Kind::Flag),
                ],
                1,
            ),
            _ => return None,
        };
        Some(Record { members, needed })
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        let found = self.members.iter().find(|(known, _)| *known == name)?;
        Some(found.1)
    }

    /// The item, as the settings take it.
    pub fn value(&self, node: &Node) -> Option<Value> {
        let What::Map(members) = &node.what else {
            return None;
        };
        let pairs = members.iter().map(|member| {
            let value = self.kind(&member.name)?.checked(&member.node)?;
            Some((member.name.as_str().into(), value))
        });
        let pairs: Option<serde_yaml::Mapping> = pairs.collect();
        let (needed, _) = self.members.split_at(self.needed);
        pairs
            .filter(|pairs| needed.iter().all(|(name, _)| pairs.contains_key(*name)))
            .map(Value::Mapping)
    }

    /// What is wrong with the first member that does not fit, or is not there.
    pub fn strange_member(&self, node: &Node) -> Option<Wrong> {
        let What::Map(members) = &node.what else {
            return None;
        };
        let strange = members.iter().find_map(|member| {
            let name = &member.name;
            let Some(kind) = self.kind(name) else {
                let known: Vec<&str> = self.members.iter().map(|(known, _)| *known).collect();
                return Some(Wrong {
                    at: member.at,
                    what: format!("`{}` is none of {}", name.escape_debug(), known.join(", ")),
                    hint: near::nearest(name, known).map(|known| format!("did you mean {known}?")),
                });
            };
            let wrong = kind.value(&member.node).err()?;
            let what = format!("{name}: {}", wrong.what);
            Some(Wrong { what, ..wrong })
        });
        strange.or_else(|| {
            let is_there = |name: &str| members.iter().any(|member| member.name == name);
            let (needed, _) = self.members.split_at(self.needed);
            let (missing, kind) = needed.iter().find(|(name, _)| !is_there(name))?;
            Some(Wrong {
                at: node.at,
                what: format!("`{missing}` is missing: {}", kind.expected()),
                hint: None,
            })
        })
    }
}
