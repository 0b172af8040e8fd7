//! Applying the recorded outcome of every merge gives the recorded state.

use std::collections::BTreeMap;

use ros::changeset::Changeset;
use ros::state::{Applier, ApplyError, MemoryCells, Schema};
use serde_json::Value as Json;

use super::{changeset, load};
use crate::support::dump::{dump, first_difference, normal};
use crate::support::model::Model;

/// A state that changesets are applied to.
#[derive(Clone, Default)]
pub struct Replica {
    cells: MemoryCells,
    schema: Schema,
}

impl Replica {
    /// The state that the recorded merges begin with.
    pub fn base(file: &Json) -> Replica {
        let mut replica = Replica::default();
        replica
            .apply(&changeset(&file["base"]["hex"]))
            .expect("the base can be applied");
        replica
    }

    /// Applies a changeset whole, or says why not.
    pub fn apply(&mut self, changeset: &Changeset) -> Result<(), ApplyError> {
        let mut applier = Applier::new(&mut self.cells, &mut self.schema);
        changeset
            .instructions
            .iter()
            .try_for_each(|instruction| applier.apply(instruction))?;
        applier.finish();
        Ok(())
    }

    /// Reads everything.
    pub fn look(&mut self) -> Model {
        Model::read(&mut self.cells, &self.schema).expect("what was applied can be read")
    }

    /// Everything in it, the same for equal states.
    pub fn normal(&mut self) -> Json {
        normal(&self.dump())
    }

    fn dump(&mut self) -> Json {
        dump(&self.schema, &mut self.cells)
    }
}

/// Applies an RFC 6902 patch of the operations that the recordings use.
fn patched(state: &Json, patch: &Json) -> Json {
    let mut state = state.clone();
    for operation in patch.as_array().expect("a patch is a list") {
        let path = operation["path"].as_str().expect("a path");
        let (parent, last) = path.rsplit_once('/').expect("paths begin with a slash");
        let last = last.replace("~1", "/").replace("~0", "~");
        let target = if parent.is_empty() {
            &mut state
        } else {
            state.pointer_mut(parent).expect("the parent is there")
        };
        let value = operation.get("value").cloned();
        match (target, operation["op"].as_str().expect("an operation")) {
            (Json::Object(map), "add" | "replace") => {
                map.insert(last, value.expect("a value"));
            }
            (Json::Object(map), "remove") => {
                map.remove(&last).expect("it is there");
            }
            (Json::Array(items), "add") if last == "-" => items.push(value.expect("a value")),
            (Json::Array(items), "add") => {
                items.insert(last.parse().expect("an index"), value.expect("a value"))
            }
            (Json::Array(items), "replace") => {
                items[last.parse::<usize>().expect("an index")] = value.expect("a value")
            }
            (Json::Array(items), "remove") => {
                items.remove(last.parse().expect("an index"));
            }
            (target, operation) => panic!("{operation} on {target}"),
        }
    }
    state
}

#[test]
fn states_are_as_recorded() {
    let Some(file) = load("merges.json") else {
        return;
    };
    let base = &file["base"];
    let mut replica = Replica::base(&file);
    assert_eq!(replica.normal(), normal(&base["state"]), "the base");

    let merges = file["merges"].as_array().expect("a list of merges");
    let (mut ran, mut wrong, mut unlike) = (0, Vec::new(), BTreeMap::new());
    for (number, case) in merges.iter().enumerate() {
        let Some(patch) = case.get("final_patch") else {
            continue;
        };
        ran += 1;
        let mut replica = replica.clone();
        let steps = case["left"]["changesets"]
            .as_array()
            .expect("a list")
            .iter()
            .chain(case["right_transformed"].as_array().expect("a list"));
        let applied: Result<Vec<()>, _> = steps
            .map(|step| replica.apply(&changeset(&step["hex"])))
            .collect();
        let ours = applied.map(|_| replica.normal());
        if ours
            .as_ref()
            .is_ok_and(|ours| *ours == normal(&patched(&base["state"], patch)))
        {
            continue;
        }
        // What the reference itself does not agree on cannot be agreed with.
        if case.get("converged") == Some(&Json::Bool(false))
            || case.get("client_apply_error").is_some()
        {
            *unlike.entry("the reference diverges").or_insert(0) += 1;
        } else {
            let ours = ours.map_or_else(
                |error| error.to_string(),
                |ours| {
                    first_difference(
                        &ours,
                        &normal(&patched(&base["state"], patch)),
                        String::new(),
                    )
                },
            );
            wrong.push(format!("#{number} {}: {ours}", case["name"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {ran} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
    println!("states: {unlike:?}");
    println!("vectors: states {ran}/{ran}");
}
