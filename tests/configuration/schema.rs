//! The JSON Schema, asked by a validator that is not ours: it lets through what the program takes, and nothing else.

use std::io::Write;
use std::process::{Command, Stdio};

use ros::config::{ConfigError, Overrides, parse};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../packaging/configuration.schema.json");
const SAMPLE: &str = include_str!("../../packaging/configuration.yml");

/// Reads `{ schema, documents }` and writes what is wrong with each document, nothing if it is valid.
const VALIDATOR: &str = "
import json, sys
from jsonschema import Draft7Validator
given = json.load(sys.stdin)
Draft7Validator.check_schema(given['schema'])
validator = Draft7Validator(given['schema'])
told = [[error.json_path + ': ' + error.message for error in validator.iter_errors(one)] for one in given['documents']]
json.dump(told, sys.stdout)
";

/// What a validator says of texts; `None` where there is none.
fn validated(texts: &[String]) -> Option<Vec<Vec<String>>> {
    let has_validator = |program: &&&str| {
        let mut command = Command::new(program);
        let found = command
            .args(["-c", "import jsonschema"])
            .stderr(Stdio::null());
        found.status().is_ok_and(|status| status.success())
    };
    let Some(program) = ["python3", "/usr/bin/python3"].iter().find(has_validator) else {
        println!("could not run: no python3 with jsonschema (tests/run installs it)");
        return None;
    };
    let documents = texts.iter().map(|text| {
        let document: Value = serde_yaml::from_str(text).unwrap();
        document
    });
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let given = json!({ "schema": schema, "documents": documents.collect::<Vec<_>>() });
    let mut process = Command::new(program)
        .args(["-c", VALIDATOR])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(given.to_string().as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "the schema is none");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The line without the `#` that makes a default or an example of it.
fn uncommented(line: &str) -> Option<String> {
    let (before, rest) = line.split_once('#')?;
    let is_value = !rest.starts_with(' ') || rest.starts_with("  ");
    (before.trim().is_empty() && is_value && !rest.is_empty()).then(|| format!("{before}{rest}"))
}

/// The sample as it is, with everything taken out of its comments, and with each example alone and what is indented below it.
fn samples() -> Vec<String> {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    let with = |wanted: &dyn Fn(usize) -> bool| {
        let lines = lines.iter().enumerate().map(|(number, line)| {
            let taken = wanted(number).then(|| uncommented(line)).flatten();
            taken.unwrap_or_else(|| (*line).to_owned()) + "\n"
        });
        lines.collect::<String>()
    };
    let mut samples = vec![with(&|_| false), with(&|_| true)];
    for (first, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once('#') else {
            continue;
        };
        if rest.starts_with(' ') || uncommented(line).is_none() {
            continue;
        }
        let deeper = format!("{before}#  ");
        let below = lines[first + 1..]
            .iter()
            .take_while(|line| line.starts_with(&deeper));
        let last = first + below.count();
        samples.push(with(&|number| (first..=last).contains(&number)));
    }
    samples
}

#[test]
fn the_sample_and_each_of_its_examples_are_valid() {
    let samples = samples();
    assert!(samples.len() > 100);
    for (text, wrong) in samples.iter().zip(validated(&samples).unwrap_or_default()) {
        assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    }
}

/// Beside the least that a file needs.
const WRONG: &[&str] = &[
    "stroage: { root_path: /x }",
    "storage: [ /x ]",
    "proxy: on",
    "proxy: { http: { listen_port: 0 } }",
    "proxy: { http: { listen_port: 65536 } }",
    "proxy: { http: { listen_port: '80' } }",
    "proxy: { http: { enable: 'yes' } }",
    "proxy: { trusted: 10.0.0.0/8 }",
    "performance: { max_open_files: 0 }",
    "performance: { max_open_files: 2.5 }",
    "logging: { level: loud }",
    "logging: { level: 3 }",
    "logging: { path: '' }",
    "limits: { upload_bytes: -1 }",
    "limits: { uplaod_bytes: 1 }",
    "limits: { silence: 3153600001 }",
    "location: { url: 'ftp://x' }",
    "location: { url: 'https://x/path' }",
    "metrics: { enable: 1 }",
    "classic: { registration: ajar }",
    "access: { rows: both }",
    "apps: { a: { registration: true } }",
    "apps: { a: { providers: { anon-user: 1 } } }",
    "apps: { a: { providers: { facebook: true } } }",
    "apps: { a: { rules: [ { read: true } ] } }",
    "apps: { a: { rules: [ { partition: p, reads: true } ] } }",
    "apps: { a: { rules: { partition: p } } }",
    "sync: { servers: [ { id: a, port: 1 } ] }",
    "sync: { servers: [ { id: a, address: '::', port: 70000 } ] }",
    "auth: { ttls: { access_token: 0 } }",
    "auth: { previous_public_keys: 7 }",
    "auth: { providers: { google: {} } }",
    "auth: { providers: { google: { clientid: x } } }",
    "auth: { providers: { cloudkit: { key_id: xyz, private_key_path: /k, container: c } } }",
    "auth: { providers: { cloudkit: { key_id: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, private_key_path: /k, container: c, environment: test } } }",
    "auth: { providers: { custom/x: {} } }",
];

#[test]
fn what_the_program_complains_of_is_not_valid() {
    let texts: Vec<String> = WRONG.iter().map(|text| (*text).to_owned()).collect();
    let found = validated(&texts).unwrap_or_default();
    for (text, wrong) in texts.iter().zip(found) {
        assert!(!wrong.is_empty(), "{text} is valid");
    }
    let overrides = Overrides {
        root: Some("/r".into()),
        private_key: Some("/k".into()),
        ..Overrides::default()
    };
    for text in texts {
        let told = match parse(&text, &overrides) {
            Ok(loaded) => loaded.warnings.len(),
            Err(ConfigError::Invalid(problems)) => problems.len(),
            Err(error) => panic!("{error}"),
        };
        assert!(told > 0, "{text} is taken");
    }
}
