//! Random merges give what an independent model of the rules gives, instruction by instruction. Where rules of the server's own fire, which that model does not know,
//! both sides come to the same state.

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
use crate::support::edits::{self, Scope, Shape};
use crate::support::model::{self, Model};

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
    base: Model,
    left: Vec<Part>,
    right: Vec<Part>,
}

fn case(seed: u64) -> Case {
    let mut random = StdRng::seed_from_u64(seed);
    // Half of the cases go by the server's rules, and leave out what does not converge on any client.
    let converges = seed.is_multiple_of(2);
    let scope = Scope {
        embedded_entries: !converges,
        number_forms: !converges, // the oracle goes by the reference's rules on them
        ..Scope::ALL
    };
    let mut base = Model::default();
    Shape::of(seed).beginning(&mut base);
    edits::transaction(&mut random, &mut base, scope, 60);
    let most = random.random_range(1..12);
    let mut side = |origin| {
        let mut model = base.clone();
        let mut clock = random.random_range(0..4);
        let parts = (0..random.random_range(1..5)).map(|_| {
            clock += random.random_range(0..3);
            let key = OrderKey {
                timestamp: OriginTimestamp(clock),
                origin: FileIdent(origin),
            };
            let made = edits::transaction(&mut random, &mut model, scope, most);
            Part::new(key, made)
        });
        parts.collect()
    };
    let (left, right) = (side(2), side(3));
    let rules = if converges {
        Rules::SERVER
    } else {
        Rules {
            moves_carry_contents: random.random_bool(0.5),
            ..Rules::REFERENCE
        }
    };
    Case {
        rules,
        base,
        left,
        right,
    }
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

/// Who judged a case.
#[derive(Default)]
struct Judged {
    by_model: u64,
    by_state: u64,
}

/// What differs from the model's answer, or between the two sides, if anything.
fn difference(case: &Case, answer: &Value, judged: &mut Judged) -> Option<String> {
    let (mut left, mut right) = (case.left.clone(), case.right.clone());
    let merged = merge(&mut left, &mut right, case.rules);
    if let Ok(fired) = merged
        && case.rules == Rules::SERVER
    {
        judged.by_state += 1;
        if let Some(what) = divergence(case, &left, &right) {
            return Some(what);
        }
        if fired.column_leftovers + fired.element_clears > 0 {
            return None;
        }
    }
    judged.by_model += 1;
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
            differs(&left, &answer["left"]).or_else(|| differs(&right, &answer["right"]))
        }
    }
}

/// Where the two sides differ when each has applied its own and what the other's has become.
fn divergence(case: &Case, left: &[Part], right: &[Part]) -> Option<String> {
    let state = |first: &[Part], second: &[Part]| {
        let mut model = case.base.clone();
        for part in first.iter().chain(second) {
            model.apply_all(&part.changeset)?;
        }
        Ok::<Model, model::Refused>(model)
    };
    let both: Result<(Model, Model), _> =
        state(&case.left, right).and_then(|one| state(&case.right, left).map(|other| (one, other)));
    match both {
        Err(refused) => Some(format!("cannot be applied: {refused:?}")),
        Ok((one, other)) => model::difference(&one, &other),
    }
}

fn run(folder: &PathBuf, seeds: std::ops::Range<u64>) -> Judged {
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
    let (mut answered, mut judged) = (0, Judged::default());
    for (seed, answer) in seeds.clone().zip(answers.lines()) {
        let answer: Value = serde_json::from_str(&answer.expect("text")).expect("JSON");
        if let Some(what) = difference(&case(seed), &answer, &mut judged) {
            panic!("seed {seed}: {what}");
        }
        answered += 1;
    }
    asking.join().expect("all was asked");
    assert_eq!(answered, seeds.end - seeds.start, "the model gave up");
    assert!(child.wait().expect("it ends").success());
    judged
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
    let halves = [0..count / 2, count / 2..count];
    let judged: Vec<Judged> = std::thread::scope(|scope| {
        let threads = halves.map(|seeds| scope.spawn(|| run(&folder, seeds)));
        let judged = threads.map(|thread| thread.join().expect("no difference"));
        judged.into()
    });
    println!(
        "random merges: {} judged by the model, {} by the state of both sides",
        judged.iter().map(|judged| judged.by_model).sum::<u64>(),
        judged.iter().map(|judged| judged.by_state).sum::<u64>()
    );
    println!("vectors: random {count}/{count}");
}
