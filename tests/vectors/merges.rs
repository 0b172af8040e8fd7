//! Every recorded merge gives the recorded outcome on both sides, or differs where a rule fired that differs on purpose.

use std::collections::BTreeMap;

use ros::changeset::Changeset;
use ros::history::{Fired, MergeError, OrderKey, Part, Rules};
use ros::ident::{FileIdent, OriginTimestamp};
use ros::merge::merge;
use serde_json::Value;

use super::states::Replica;
use super::{changeset, load};
use crate::support::dump::first_difference;

/// What became of one case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Outcome {
    /// As recorded.
    Same,
    /// Refused, as recorded.
    Refused,
    /// The reference crashed; this merges.
    Healed,
    /// Different where moves carry contents.
    MoveCarries,
    /// Different where set values are compared by content.
    SetContent,
    /// Different where an erased column takes leftovers along.
    ColumnLeftovers,
    /// Different where a collection in a list is cleared beside changes of the list.
    ElementClear,
    /// Different where a set holds one number in two types.
    SetNumbers,
}

#[test]
fn merges_give_the_recorded_outcome() {
    let Some(file) = load("merges.json") else {
        return;
    };
    let base = Replica::base(&file);
    let merges = file["merges"].as_array().expect("a list of merges");
    for rules in [Rules::SERVER, Rules::REFERENCE] {
        let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for (number, case) in merges.iter().enumerate() {
            match outcome(case, rules, &base) {
                Ok(outcome) => *counts.entry(outcome).or_default() += 1,
                Err(what) => wrong.push(format!("#{number} {}: {what}", case["name"])),
            }
        }
        assert!(
            wrong.is_empty(),
            "{} wrong under {rules:?}:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(20)].join("\n")
        );
        println!("merges under {rules:?}: {counts:?}");
        println!(
            "vectors: merges {}/{}",
            counts.values().sum::<usize>(),
            merges.len()
        );
    }
}

fn outcome(case: &Value, rules: Rules, base: &Replica) -> Result<Outcome, String> {
    let made = Sides {
        left: side(&case["left"]),
        right: side(&case["right"]),
    };
    let mut merged = made.clone();
    let fired = merge(&mut merged.left, &mut merged.right, rules);
    let (left, right) = (&merged.left, &merged.right);
    let converges = || made.converge(&merged, base);
    if case.get("crash").is_some_and(|crash| !crash.is_null())
        && case.get("right_transformed").is_none_or(Value::is_null)
    {
        fired.map_err(|error| format!("the reference crashes, and this refuses: {error}"))?;
        return converges().map(|()| Outcome::Healed);
    }
    let recorded_error = case.get("error").and_then(Value::as_str);
    match (fired, recorded_error) {
        (Err(_), Some(_)) => Ok(Outcome::Refused),
        (Err(error), None) => Err(format!("refused: {error}")),
        (Ok(fired), Some(error)) => {
            let excuse = excuse(fired, rules)
                .ok_or_else(|| format!("not refused, but should be: {error}"))?;
            converges().map(|()| excuse)
        }
        (Ok(fired), None) => {
            if is(left, &case["left_transformed"]) && is(right, &case["right_transformed"]) {
                return Ok(Outcome::Same);
            }
            let excuse = excuse(fired, rules).ok_or_else(|| difference(left, right, case))?;
            converges().map(|()| excuse)
        }
    }
}

/// What two devices made apart, or what merging has made of it.
#[derive(Clone)]
struct Sides {
    left: Vec<Part>,
    right: Vec<Part>,
}

impl Sides {
    /// Whether both devices come to the same state: each with what it made and then what the other's has become.
    fn converge(&self, merged: &Sides, base: &Replica) -> Result<(), String> {
        let state = |first: &[Part], second: &[Part]| {
            let mut replica = base.clone();
            for part in first.iter().chain(second) {
                let applied = replica.apply(&part.changeset);
                applied.map_err(|error| format!("cannot be applied: {error}"))?;
            }
            Ok::<Value, String>(replica.normal())
        };
        let one = state(&self.left, &merged.right)?;
        let other = state(&self.right, &merged.left)?;
        if one == other {
            return Ok(());
        }
        let place = first_difference(&one, &other, String::new());
        Err(format!("does not converge: {place}"))
    }
}

/// The rule that explains a difference.
fn excuse(fired: Fired, rules: Rules) -> Option<Outcome> {
    if fired.set_erasures > 0 {
        Some(Outcome::SetContent)
    } else if fired.nested_moves > 0 && rules.moves_carry_contents {
        Some(Outcome::MoveCarries)
    } else if fired.column_leftovers > 0 && rules.columns_take_leftovers {
        Some(Outcome::ColumnLeftovers)
    } else if fired.element_clears > 0 && rules.clears_follow_elements {
        Some(Outcome::ElementClear)
    } else if fired.set_numbers > 0 && rules.numbers_are_members {
        Some(Outcome::SetNumbers)
    } else {
        None
    }
}

fn side(side: &Value) -> Vec<Part> {
    let origin = FileIdent(side["file_ident"].as_u64().expect("an ident"));
    let parts = side["changesets"]
        .as_array()
        .expect("a list of changesets")
        .iter();
    parts
        .map(|part| {
            let timestamp = OriginTimestamp(part["timestamp"].as_u64().expect("a timestamp"));
            Part::new(OrderKey { timestamp, origin }, changeset(&part["hex"]))
        })
        .collect()
}

fn is(parts: &[Part], recorded: &Value) -> bool {
    let recorded = recorded.as_array().expect("a list of changesets");
    parts.len() == recorded.len()
        && parts
            .iter()
            .zip(recorded)
            .all(|(part, recorded)| part.changeset == changeset(&recorded["hex"]))
}

fn difference(left: &[Part], right: &[Part], case: &Value) -> String {
    let ours = |parts: &[Part]| {
        parts
            .iter()
            .map(|part| part.changeset.clone())
            .collect::<Vec<Changeset>>()
    };
    let theirs = |name: &str| {
        case[name]
            .as_array()
            .expect("a list")
            .iter()
            .map(|part| changeset(&part["hex"]))
            .collect::<Vec<_>>()
    };
    let (ours_left, ours_right) = (ours(left), ours(right));
    let (left, right) = (theirs("left_transformed"), theirs("right_transformed"));
    let mut text = String::new();
    if ours_left != left {
        text += &format!("left is {ours_left:?}\n  recorded {left:?}");
    }
    if ours_right != right {
        text += &format!("\nright is {ours_right:?}\n  recorded {right:?}");
    }
    text
}

/// Errors are told by what they are, so that a change of words is noticed.
#[test]
fn a_schema_mismatch_names_class_and_column() {
    let error = MergeError::Schema {
        place: "Dog.age".into(),
        what: "type",
    };
    assert_eq!(
        error.to_string(),
        "schema mismatch: type of Dog.age differs"
    );
}
