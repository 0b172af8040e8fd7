//! `ros token`.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::{Ran, command, fed, ros};
use crate::support::server::Server;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

/// The same with a token on standard input.
fn with(server: &Server, token: &str, arguments: &[&str]) -> Ran {
    fed(command(server, arguments), token)
}

fn key(server: &Server) -> String {
    server.root().join("keys/private.pem").display().to_string()
}

#[test]
fn what_is_minted_opens_its_realm_and_can_be_taken_back() {
    let server = Server::start();
    let key = key(&server);
    let mint = [
        "token",
        "mint",
        "ada",
        "--realm",
        "/~/notes",
        "--read",
        "--write",
        "--private-key",
        &key,
    ];
    let token = ros(&server, &mint);
    assert_eq!((token.code, &*token.err), (0, ""));
    let seen = with(&server, &token.out, &["token", "inspect", "-o", "json"]);
    let found = json(&seen);
    assert_eq!(
        (seen.code, &found["kind"], &found["accepted"]),
        (0, &"access".into(), &true.into())
    );
    assert_eq!(
        (&found["claims"]["path"], &found["claims"]["access"][0]),
        (&"/ada/notes".into(), &"download".into())
    );

    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("token");
    std::fs::write(&file, &token.out).unwrap();
    let file = file.to_str().unwrap();
    let info = |realm: &str| {
        let mut info = command(&server, &["realms", "info", realm, "--token-file", file]);
        info.env_remove("ROS_ADMIN_TOKEN_FILE").output().unwrap()
    };
    assert!(info("/ada/notes").status.success());
    assert_eq!(info("/ada/other").status.code(), Some(5));

    let asked = ros(&server, &["token", "revoke", file]);
    assert_eq!(asked.code, 2, "{}", asked.err);
    let dry = ros(&server, &["token", "revoke", file, "--dry-run"]);
    assert_eq!(
        (dry.code, dry.err.starts_with("would revoke")),
        (0, true),
        "{}",
        dry.err
    );
    assert!(info("/ada/notes").status.success());
    assert_eq!(ros(&server, &["token", "revoke", file, "--yes"]).code, 0);
    assert_eq!(info("/ada/notes").status.code(), Some(5));
    let seen = ros(&server, &["token", "inspect", file]);
    assert_eq!(seen.code, 5);
    assert!(
        seen.out
            .contains("no: invalid session: the token has been revoked"),
        "{}",
        seen.out
    );
}

#[test]
fn an_administrators_token_is_made_without_a_server() {
    let server = Server::start();
    let key = key(&server);
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("admin.token");
    let to = file.to_str().unwrap();
    let make = [
        "token",
        "admin",
        "--private-key",
        &key,
        "--to",
        to,
        "-o",
        "json",
    ];
    let made = ros(&server, &make);
    assert_eq!(json(&made)["claims"]["identity"], "__admin");
    assert!(
        !made
            .out
            .contains(std::fs::read_to_string(&file).unwrap().trim())
    );
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        ros(&server, &make).code,
        7,
        "a file that is there is left alone"
    );
    assert_eq!(ros(&server, &["status", "--admin-token-file", to]).code, 0);

    let public = server.root().join("keys/public.pem");
    let offline = [
        "token",
        "inspect",
        to,
        "--public-key",
        public.to_str().unwrap(),
        "-o",
        "json",
    ];
    let offline = json(&ros(&server, &offline));
    assert_eq!(
        (&offline["accepted"], &offline["kind"]),
        (&true.into(), &"admin".into())
    );
}

#[test]
fn what_cannot_be_minted_is_said() {
    let server = Server::start();
    let key = key(&server);
    let mint = |rest: &[&str]| {
        let mut all = vec!["token", "mint"];
        all.extend_from_slice(rest);
        all.extend(["--private-key", &key]);
        ros(&server, &all)
    };
    for rest in [
        &["__admin"][..],
        &["*"],
        &["ada", "--realm", "/ada/a"],
        &["ada", "--read"],
        &["ada", "--realm", "a/../b", "--read"],
        &["ada", "--lifetime", "soon"],
    ] {
        let ran = mint(rest);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{rest:?}: {}", ran.err);
    }
    let nothing = ros(
        &server,
        &["token", "mint", "ada", "--private-key", "/nonexistent"],
    );
    assert_eq!((nothing.code, nothing.out.as_str()), (1, ""));
    assert_eq!(with(&server, "junk\n", &["token", "inspect"]).code, 5);
}

#[test]
fn a_new_key_pair_does_not_sign_anybody_out() {
    let mut server = Server::with_configuration("");
    let old = key(&server);
    let token = ros(&server, &["token", "mint", "ada", "--private-key", &old]).out;
    server.stop();
    let keys = server.root().join("keys");
    std::fs::rename(keys.join("private.pem"), keys.join("old.pem")).unwrap();
    std::fs::rename(keys.join("public.pem"), keys.join("old.pub")).unwrap();
    std::fs::remove_file(keys.join("admin.token")).unwrap();
    // What is missing is made anew.
    server.configure("");
    server.restart();
    assert_eq!(with(&server, &token, &["token", "inspect"]).code, 5);
    server.stop();
    let previous = keys.join("old.pub");
    server.configure(&format!(
        "  previous_public_keys: [{}]\n",
        previous.display()
    ));
    server.restart();
    assert_eq!(with(&server, &token, &["token", "inspect"]).code, 0);
}
