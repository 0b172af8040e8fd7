//! Known inputs: what devices have said, what the generator makes, the recordings where they are, and what was found before.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use ros::changeset::encode;
use serde_json::Value;

use super::targets::joined;
use crate::support::edits::{self, Scope, Shape};
use crate::support::model::Model;
use crate::vectors;

/// The known inputs of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut all = match target {
        "changeset" => changesets().iter().map(|one| one.to_vec()).collect(),
        "apply" => changesets()
            .iter()
            .map(|one| joined(std::slice::from_ref(one)))
            .collect(),
        "merge" => pairs(),
        "server_wire" => said("c2s", &[12]),
        "client_wire" => said("s2c", &[]),
        "http" => lines(REQUESTS),
        "token" => lines(TOKENS),
        "config" => lines(CONFIGURATIONS),
        target => panic!("no target {target}"),
    };
    all.extend(found(target));
    all
}

/// Inputs that once were faults: `tests/data/fuzz/<target>`.
fn found(target: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fuzz/").to_owned() + target;
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .map(|file| std::fs::read(file.path()).unwrap())
        .collect()
}

/// An input for people.
pub fn shown(input: &[u8]) -> String {
    format!("{:?} in base64", BASE64_STANDARD.encode(input))
}

fn changesets() -> Vec<Bytes> {
    let mut model = Model::default();
    let mut all = vec![encode(&Shape::whole().beginning(&mut model)).into()];
    for seed in 0..100 {
        let mut random = StdRng::seed_from_u64(seed);
        let made = edits::transaction(&mut random, &mut model.clone(), Scope::ALL, 12);
        all.push(encode(&made).into());
    }
    if vectors::folder().is_dir() {
        let file = vectors::load("merges.json").expect("the folder is there");
        let recorded = file["merges"].as_array().into_iter().flatten().take(300);
        let left = recorded.flat_map(|merge| merge["left"]["changesets"].as_array().cloned());
        let bytes = left
            .flatten()
            .map(|one| encode(&vectors::changeset(&one["hex"])).into());
        all.extend(bytes);
    }
    all
}

fn pairs() -> Vec<Vec<u8>> {
    let all = changesets();
    let pairs = all[1..].chunks(2).filter(|pair| pair.len() == 2);
    pairs.map(joined).collect()
}

/// What one side of the recorded connections has said, whole and message by message.
fn said(direction: &str, first: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for file in ["realm-js-10.24.ndjson", "realm-kotlin-2.3.ndjson"] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/").to_owned() + file;
        let text = std::fs::read_to_string(path).unwrap();
        let messages = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let messages: Vec<Value> = messages
            .filter(|message| message["direction"] == direction)
            .collect();
        for connection in 0..4 {
            let its = messages
                .iter()
                .filter(|message| message["connection"] == connection);
            let its: Vec<Bytes> = its.map(bytes).collect();
            all.extend((1..=its.len()).map(|end| [first, &joined(&its[..end])].concat()));
        }
        all.extend(
            messages
                .iter()
                .map(|message| [first, &joined(&[bytes(message)])].concat()),
        );
    }
    all
}

fn bytes(message: &Value) -> Bytes {
    let head = message["head"].as_str().unwrap();
    let body = BASE64_STANDARD
        .decode(message["body"].as_str().unwrap())
        .unwrap();
    [head.as_bytes(), b"\n", &body].concat().into()
}

fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const REQUESTS: &[&str] = &[
    "GET /api/client/v2.0/app/x/location\n\n",
    "POST /api/client/v2.0/app/x/auth/providers/anon-user/login\n\n{\"provider\":\"anon-user\",\"options\":{\"device\":{\"appId\":\"x\",\"platform\":\"linux\"}}}",
    "POST /api/client/v2.0/app/x/auth/providers/local-userpass/login\n\n{\"username\":\"a@example.com\",\"password\":\"secret-password\"}",
    "POST /api/client/v2.0/app/x/auth/providers/local-userpass/register\n\n{\"email\":\"a@example.com\",\"password\":\"secret-password\"}",
    "POST /api/client/v2.0/app/x/auth/providers/custom-token/login\n\n{\"token\":\"a.b.c\"}",
    "GET /api/client/v2.0/auth/profile\nBearer a.b.c\n",
    "POST /api/client/v2.0/auth/session\nBearer a.b.c\n",
    "DELETE /api/client/v2.0/auth/session\nBearer a.b.c\n",
    "POST /api/client/v2.0/app/x/functions/call\nBearer a.b.c\n{\"name\":\"f\",\"arguments\":[{\"$numberInt\":\"1\"}]}",
    "GET /api/client/v2.0/app/x/auth/providers\n\n",
    "OPTIONS /api/client/v2.0/app/%78/location?x=y&baas_request=1\n\n",
    "GET /health\n\n",
];

const TOKENS: &[&str] = &[
    "0a.b.c",
    "0eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJyb3MifQ.AAAA",
    "1{\"iss\":\"ros\",\"sub\":\"507f1f77bcf86cd799439011\",\"typ\":\"access\",\"exp\":99,\"iat\":1,\"sid\":\"507f1f77bcf86cd799439011\",\"app_id\":\"x\",\"baas_device_id\":\"d\",\"baas_domain_id\":\"d\"}",
    "3{\"identity\":\"admin\",\"is_admin\":true,\"access\":[\"download\",\"upload\"],\"timestamp\":1,\"expires\":null,\"app_id\":\"io.realm\",\"path\":\"/a\"}",
    "2{\"identity\":\"a\",\"expires\":1.5e3,\"timestamp\":-1}",
];

const CONFIGURATIONS: &[&str] = &[
    "storage: {root_path: /var/lib/ros}\nauth: {private_key_path: /etc/ros/key.pem, public_key_path: /etc/ros/pub.pem}\n",
    "storage:\n  root_path: /var/lib/ros\nnetwork:\n  http:\n    listen_address: 127.0.0.1\n    listen_port: 9080\nlogging: {level: info, path: /var/log/ros.log}\n",
    "apps:\n  my-app:\n    anonymous: true\n    password: {registration: open}\n    unknown_files: reset\n    partitions: [\"a\", 42]\n",
    "classic: {unknown_files: reset}\nbackup: {enable: true}\nx: &a [1, *a]\n? {y: z}\n: !!binary aGk=\n",
    "a: {b: [1, 2.5, ~, true, \"q\\u0041\"]}\n---\nb: >\n  text\n",
];
