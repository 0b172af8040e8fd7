//! Random merges give what an independent model of the rules gives, instruction by instruction.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use ros::changeset::{Changeset, encode};
use ros::history::{OrderKey, Part, Rules};
use ros::ident::{FileIdent, OriginTimestamp};
use ros::merge::merge;
use serde_json::{Value, json};

use super::changeset;
use crate::support::edits::{self, Scope};
use crate::support::model::Model;

/// The folder of the model: `ROS_ORACLE`, or beside the project.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("ROS_ORACLE").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracle")),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

/// Two devices that made transactions apart, over one random state.
struct Case {
    rules: Rules,
    left: Vec<Part>,
    right: Vec<Part>,
}

fn case(seed: u64) -> Case {
    let mut random = StdRng::seed_from_u64(seed);
    let mut model = Model::default();
    edits::beginning(&mut model);
    edits::transaction(&mut random, &mut model, Scope::ALL, 60);
    let most = random.random_range(1..12);
    let mut side = |origin| {
        let mut model = model.clone();
        let mut clock = random.random_range(0..4);
        let parts = (0..random.random_range(1..5)).map(|_| {
            clock += random.random_range(0..3);
            let key = OrderKey {
                timestamp: OriginTimestamp(clock),
                origin: FileIdent(origin),
            };
            let made = edits::transaction(&mut random, &mut model, Scope::ALL, most);
            Part::new(key, made)
        });
        parts.collect()
    };
    let (left, right) = (side(2), side(3));
    let rules = Rules {
        moves_carry_contents: random.random_bool(0.5),
        ..Rules::REFERENCE
    };
    Case { rules, left, right }
}

fn hex(changeset: &Changeset) -> String {
    encode(changeset)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn question(case: &Case) -> Value {
    let side = |parts: &[Part]| -> Value {
        parts
            .iter()
            .map(|part| {
                json!([
                    part.key.timestamp.0,
                    part.key.origin.0,
                    hex(&part.changeset)
                ])
            })
            .collect()
    };
    json!({ "carry": case.rules.moves_carry_contents, "left": side(&case.left), "right": side(&case.right) })
}

/// What differs from the model's answer, if anything.
fn difference(mut case: Case, answer: &Value) -> Option<String> {
    let merged = merge(&mut case.left, &mut case.right, case.rules);
    match (merged, answer.get("refused")) {
        (Err(_), Some(_)) => None,
        (Err(error), None) => Some(format!("refused: {error}")),
        (Ok(_), Some(why)) => Some(format!("not refused: {why}")),
        (Ok(_), None) => {
            let differs = |parts: &[Part], side: &Value| {
                let side = side.as_array().expect("a list");
                let mut pairs = parts.iter().zip(side);
                pairs.find_map(|(part, theirs)| {
                    let theirs = changeset(theirs);
                    (part.changeset != theirs)
                        .then(|| format!("{:#?}\ninstead of\n{theirs:#?}", part.changeset))
                })
            };
            differs(&case.left, &answer["left"]).or_else(|| differs(&case.right, &answer["right"]))
        }
    }
}

fn run(folder: &PathBuf, seeds: std::ops::Range<u64>) {
    let mut child = Command::new("python3")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/oracle.py"
        ))
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut questions = child.stdin.take().expect("piped");
    let answers = BufReader::new(child.stdout.take().expect("piped"));
    let asked = seeds.clone();
    let asking = std::thread::spawn(move || {
        for seed in asked {
            writeln!(questions, "{}", question(&case(seed))).expect("the model listens");
        }
    });
    let mut answered = 0;
    for (seed, answer) in seeds.clone().zip(answers.lines()) {
        let answer: Value = serde_json::from_str(&answer.expect("text")).expect("JSON");
        if let Some(what) = difference(case(seed), &answer) {
            panic!("seed {seed}: {what}");
        }
        answered += 1;
    }
    asking.join().expect("all was asked");
    assert_eq!(answered, seeds.end - seeds.start, "the model gave up");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn random_merges_agree_with_the_model() {
    let Some(folder) = folder() else {
        return println!("could not run: no independent model of the merge (ROS_ORACLE)");
    };
    let count: u64 = if std::env::var_os("ROS_LONG").is_some() {
        100_000
    } else {
        2000
    };
    std::thread::scope(|scope| {
        scope.spawn(|| run(&folder, 0..count / 2));
        scope.spawn(|| run(&folder, count / 2..count));
    });
    println!("vectors: random {count}/{count}");
}
