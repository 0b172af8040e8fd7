//! `ros perms`, as operators and users call it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use ros::changeset::Instruction;
use ros::wire::Answer;
use serde_json::{Value, json};

use super::{Ran, command, fed, imported, ran, ros};
use crate::serve::signed;
use crate::support::recorder::{Recorder, Said};
use crate::support::server::Server;
use crate::support::terminal;
use crate::support::wire::request;

/// A server on which Bob owns `/bob/notes`, and Alice signs in as alice@example.com.
struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn set() -> Scene {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let scene = Scene { server, folder };
        let database = ros::storage::connect(&scene.server.root().join("admin.db")).unwrap();
        for (id, name) in [("bob", "bob@example.com"), ("alice", "alice@example.com")] {
            let sql = "INSERT INTO users (id, app, created) VALUES (?1, 'classic', 0)";
            database.execute(sql, [id]).unwrap();
            let sql = "INSERT INTO accounts (id, user, app, provider, name, created) VALUES (?1, ?1, 'classic', 'local-userpass', ?2, 0)";
            database.execute(sql, [id, name]).unwrap();
            let token = signed(&scene.server, &format!(r#"{{"identity":"{id}"}}"#));
            std::fs::write(scene.file(id), token).unwrap();
        }
        for realm in ["/bob/notes", "/bob/wall"] {
            let made = scene.as_user("bob", &["realms", "export", realm]);
            assert_eq!(made.code, 0, "{}", made.err);
        }
        scene
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn as_user(&self, user: &str, arguments: &[&str]) -> Ran {
        let mut command = command(&self.server, arguments);
        command.env_remove("ROS_ADMIN_TOKEN_FILE");
        command.env("ROS_TOKEN_FILE", self.file(user));
        ran(command.output().unwrap())
    }

    fn admin(&self, arguments: &[&str]) -> Ran {
        ros(&self.server, arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.admin(&[arguments, &["-o", "json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }
}

/// What reading follows from, and whether there is such a user.
fn why_of(scene: &Scene, user: &str, realm: &str) -> (Value, Value) {
    let why = scene.json(&["perms", "why", user, realm]);
    (why["readImpliedBy"].clone(), why["known"].clone())
}

#[test]
fn rights_are_granted_seen_explained_and_revoked() {
    let scene = Scene::set();
    let alice = "alice@example.com";
    let denied = scene.as_user("alice", &["realms", "export", "/bob/notes"]);
    assert_eq!(denied.code, 5, "{}", denied.err);

    let granted = scene.as_user(
        "bob",
        &["perms", "grant", alice, "/~/notes", "--read", "--write"],
    );
    assert_eq!((granted.code, granted.err.as_str()), (0, ""));
    assert!(
        granted
            .out
            .contains("Applied: read-write access to /bob/notes for user alice."),
        "{}",
        granted.out
    );
    assert_eq!(
        scene
            .as_user("alice", &["realms", "export", "/bob/notes"])
            .code,
        0
    );

    let shown = scene.json(&["perms", "show", "/bob/notes"]);
    let rights = |row: &Value| {
        (
            row["user"].clone(),
            row["mayWrite"].clone(),
            row["mayManage"].clone(),
        )
    };
    let rows: Vec<_> = shown.as_array().unwrap().iter().map(rights).collect();
    assert_eq!(
        rows,
        [
            (json!("alice"), json!(true), json!(false)),
            (json!("bob"), json!(true), json!(true))
        ]
    );
    let listed = scene.as_user("alice", &["perms", "list", "-o", "plain"]);
    assert!(
        listed.out.contains("/bob/notes\talice\tread write\t"),
        "{}",
        listed.out
    );
    assert_eq!(scene.admin(&["perms", "show", "/bob/nothing"]).code, 6);
    let at_home = scene.as_user("bob", &["perms", "show", "/~/notes", "-o", "plain"]);
    assert!(
        at_home.out.contains("/bob/notes\talice\tread write\t"),
        "{} {}",
        at_home.out,
        at_home.err
    );
    let of_another = scene.as_user("alice", &["perms", "show", "/~/notes"]);
    assert_eq!(of_another.code, 6, "{}", of_another.out);

    let why = scene.json(&["perms", "why", alice, "/bob/notes"]);
    assert_eq!(
        (&why["user"], &why["mayWrite"], &why["reason"]),
        (
            &json!("alice"),
            &json!(true),
            &json!("granted to this user")
        )
    );
    assert_eq!(
        (&why["own"]["by"], &why["own"]["how"], &why["owner"]),
        (&json!("bob"), &json!("change"), &json!("bob"))
    );
    let why = scene.admin(&["perms", "why", "bob", "/bob/notes"]);
    assert!(why.out.contains("the user owns the Realm"), "{}", why.out);
    assert_eq!(
        scene.json(&["perms", "why", "*", "/bob/notes"])["mayRead"],
        false
    );
    // The administrator's token, which writes where an administrator may.
    for (realm, writes) in [("/bob/notes", true), ("/__admin", false)] {
        let why = scene.json(&["perms", "why", "__admin", realm]);
        let told = (
            &why["reason"],
            &why["known"],
            &why["mayRead"],
            &why["mayWrite"],
        );
        let reason = json!("the user is an administrator");
        assert_eq!(told, (&reason, &json!(true), &json!(true), &json!(writes)));
    }
    assert_eq!(
        scene
            .as_user("bob", &["perms", "why", alice, "/bob/notes"])
            .code,
        5
    );

    // What follows from another right is said to.
    assert_eq!(
        why_of(&scene, alice, "/bob/notes"),
        (json!(null), json!(true))
    );
    let manages = ["perms", "grant", alice, "/~/wall", "--manage"];
    assert_eq!(scene.as_user("bob", &manages).code, 0);
    assert_eq!(
        why_of(&scene, alice, "/bob/wall"),
        (json!("manage"), json!(true))
    );
    let why = scene.admin(&["perms", "why", alice, "/bob/wall"]);
    assert!(
        why.out.contains("read (follows from manage), manage"),
        "{}",
        why.out
    );
    assert_eq!(why_of(&scene, "alise", "/bob/wall").1, json!(false));
    let why = scene.admin(&["perms", "why", "alise", "/bob/wall"]);
    assert!(why.out.contains("(no user of this server)"), "{}", why.out);

    let dry = scene.as_user("bob", &["perms", "revoke", alice, "/~/notes", "--dry-run"]);
    assert!(
        dry.code == 0
            && dry
                .out
                .contains("would ask for read=false write=false manage=false"),
        "{}",
        dry.out
    );
    assert_eq!(
        scene.json(&["perms", "why", alice, "/bob/notes"])["mayRead"],
        true
    );
    assert_eq!(
        scene
            .as_user("bob", &["perms", "revoke", alice, "/~/notes", "--write"])
            .code,
        0
    );
    assert_eq!(
        scene.json(&["perms", "why", alice, "/bob/notes"])["mayWrite"],
        false
    );
    assert_eq!(
        scene
            .as_user("bob", &["perms", "revoke", alice, "/~/notes"])
            .code,
        0
    );
    assert_eq!(
        scene
            .as_user("alice", &["realms", "export", "/bob/notes"])
            .code,
        5
    );

    // An administrator grants on any Realm, of apps too.
    let user = request(
        scene.server.address(),
        "POST",
        "/app/app/auth/providers/anon-user/login",
        None,
        "{}",
    )
    .1;
    let id = user["user_id"].as_str().unwrap();
    imported(&scene.server, "app/notes");
    assert_eq!(
        scene
            .admin(&["perms", "grant", id, "app/notes", "--read"])
            .code,
        0
    );
    let why = scene.json(&["perms", "why", id, "app/notes"]);
    assert_eq!(
        (&why["mayRead"], &why["mayWrite"]),
        (&json!(true), &json!(false))
    );
    let opened = scene.json(&["perms", "why", "*", "app/notes"]);
    assert_eq!(
        opened["reason"],
        "the app opens its partitions to every user"
    );
}

#[test]
fn what_is_refused_says_why_and_ends_with_its_code() {
    let scene = Scene::set();
    for (arguments, code, cause) in [
        (
            ["perms", "grant", "nobody", "/bob/notes", "--read"].as_slice(),
            6,
            "userId names no user (601)",
        ),
        (
            &["perms", "grant", "alice", "/bob/none", "--read"],
            6,
            "realmUrl names no Realm that is there (601)",
        ),
        (
            &["perms", "grant", "alice", "/bob/__management", "--read"],
            6,
            "realmUrl names a Realm of the server (601)",
        ),
        (
            &["perms", "grant", "alice", "/bob/notes"],
            2,
            "nothing is granted",
        ),
        (&["perms", "grant", "alice"], 2, "REALM"),
    ] {
        let ran = scene.as_user("bob", arguments);
        assert_eq!(ran.code, code, "{arguments:?} {}", ran.err);
        assert!(ran.err.contains(cause), "{arguments:?} {}", ran.err);
    }
    let ran = scene.as_user(
        "alice",
        &[
            "perms",
            "grant",
            "alice",
            "/bob/notes",
            "--manage",
            "-o",
            "json",
        ],
    );
    let error: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &error["error"]["code"]),
        (5, &json!("permission-denied"))
    );
}

#[test]
fn lists_of_grants_are_reported_by_line() {
    let scene = Scene::set();
    let csv = "who,realm,read,write,manage\nalice@example.com,/bob/notes,true,true,\nnobody,/bob/wall,true,,\n*,/bob/wall,true,,\nalice,,true,,\n";
    let lists = |arguments: &[&str], input: &str| {
        let mut command = command(&scene.server, arguments);
        command.env_remove("ROS_ADMIN_TOKEN_FILE");
        command.env("ROS_TOKEN_FILE", scene.file("bob"));
        fed(command, input)
    };
    let dry = lists(
        &["perms", "grant", "--file", "-", "--dry-run", "-o", "json"],
        csv,
    );
    assert_eq!(dry.code, 8, "one line is wrong as it stands: {}", dry.out);
    assert_eq!(
        scene.json(&["perms", "why", "alice", "/bob/notes"])["mayRead"],
        false
    );

    let ran = lists(&["perms", "grant", "--file", "-", "-o", "json"], csv);
    assert_eq!(ran.code, 8, "{}", ran.err);
    let report: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let codes: Vec<_> = report
        .iter()
        .map(|line| (line["line"].as_u64().unwrap(), line["statusCode"].as_i64()))
        .collect();
    assert_eq!(
        codes,
        [(2, Some(0)), (3, Some(601)), (4, Some(0)), (5, None)]
    );
    assert_eq!(
        scene.json(&["perms", "why", "alice", "/bob/notes"])["mayWrite"],
        true
    );
    assert_eq!(
        scene.json(&["perms", "why", "alice", "/bob/wall"])["reason"],
        "granted to everyone"
    );

    let lines = r#"{"who": "alice", "realm": "/bob/notes", "write": false}
{"who": "*", "realm": "/bob/wall", "read": false}
"#;
    let ran = lists(&["perms", "grant", "--file", "-", "-o", "ndjson"], lines);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 2), "{}", ran.err);
    assert_eq!(
        scene.json(&["perms", "why", "alice", "/bob/notes"])["mayWrite"],
        false
    );
    assert_eq!(
        scene.json(&["perms", "why", "alice", "/bob/wall"])["mayRead"],
        false
    );
}

/// As many lines as are wanted, which give and take the same in turn.
fn long_list(lines: usize) -> String {
    let line = |number: usize| format!("*,/bob/wall,true,{},\n", number.is_multiple_of(2));
    let lines: String = (0..lines).map(line).collect();
    format!("who,realm,read,write,manage\n{lines}")
}

#[test]
fn a_long_list_shows_on_a_terminal_how_far_it_is() {
    let scene = Scene::set();
    std::fs::write(scene.file("list.csv"), long_list(250)).unwrap();
    let grant = |plain: Option<&str>| {
        let mut command = command(&scene.server, &["perms", "grant", "--file", "-"]);
        command.env("TERM", "xterm");
        command.stdin(std::fs::File::open(scene.file("list.csv")).unwrap());
        if let Some(plain) = plain {
            command.env("NO_COLOR", plain);
        }
        command
    };
    for plain in [None, Some("")] {
        let (seen, status) = terminal::run(grant(plain), 80);
        assert!(status.success(), "{seen}");
        assert!(seen.starts_with("grants ░"), "{seen:?}");
        assert!(seen.contains("░ 0 of 250 lines"), "{seen:?}");
        // It is gone when the report comes, which has no other trace of it, and is not wider than the terminal.
        let (before, report) = seen.rsplit_once("\r\x1b[2K").unwrap();
        assert!(before.contains("█"), "{seen:?}");
        assert!(report.starts_with("line who"), "{report:?}");
        assert!(!report.contains('\x1b'), "{report:?}");
        assert!(report.lines().count() >= 251 && report.lines().all(|line| line.len() <= 80));
    }
    // Who wants it plain, and who reads in a pipe, sees the report alone.
    let (seen, status) = terminal::run(grant(Some("1")), 80);
    assert!(status.success(), "{seen}");
    assert!(
        seen.starts_with("line who") && !seen.contains('\x1b'),
        "{seen:?}"
    );
    let ran = ran(grant(None).output().unwrap());
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(ran.out.starts_with("line who"), "{}", ran.out);
}

#[test]
fn a_list_that_breaks_off_says_what_was_done() {
    let mut scene = Scene::set();
    let mut list = long_list(20_000);
    let second_hundred = list.match_indices('\n').nth(150).unwrap().0;
    list.insert_str(second_hundred + 1, "alice,/bob/notes,true,,\n");
    std::fs::write(scene.file("list.csv"), list).unwrap();
    let arguments = [
        "perms",
        "grant",
        "--file",
        "-",
        "-o",
        "ndjson",
        "--timeout",
        "2",
    ];
    let mut granting = command(&scene.server, &arguments);
    granting
        .stdin(std::fs::File::open(scene.file("list.csv")).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = granting.spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while scene.json(&["perms", "why", "alice", "/bob/notes"])["mayRead"] == false {
        assert!(Instant::now() < end);
    }
    scene.server.kill();
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 8, "{}", ran.err);
    assert!(
        ran.err.starts_with("ros: the server has not answered"),
        "{}",
        ran.err
    );
    let lines: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines.len() >= 100 && lines.len() < 20_001,
        "{}",
        lines.len()
    );
    for (line, number) in lines.iter().zip(2..) {
        assert_eq!(
            (&line["line"], &line["statusCode"]),
            (&json!(number), &json!(0))
        );
    }
}

#[test]
fn an_offer_goes_from_hand_to_hand() {
    let scene = Scene::set();
    let offered = scene.as_user(
        "bob",
        &["perms", "offer", "/~/notes", "--read", "--expires", "1h"],
    );
    assert_eq!(offered.code, 0, "{}", offered.err);
    std::fs::write(scene.file("offer"), &offered.out).unwrap();
    let file = scene.file("offer");
    let accepted = scene.as_user("alice", &["perms", "accept", file.to_str().unwrap()]);
    assert_eq!(
        (accepted.code, accepted.out.as_str()),
        (0, "/bob/notes\n"),
        "{}",
        accepted.err
    );
    let why = scene.json(&["perms", "why", "alice", "/bob/notes"]);
    assert_eq!(
        (&why["mayRead"], &why["own"]["how"], &why["own"]["by"]),
        (&json!(true), &json!("offer"), &json!("bob"))
    );

    let offers = scene.as_user("bob", &["perms", "offers"]);
    assert!(
        offers.out.contains("/bob/notes") && !offers.out.contains(offered.out.trim()),
        "{}",
        offers.out
    );
    let offers = scene.as_user("bob", &["perms", "offers", "--tokens"]);
    assert!(offers.out.contains(offered.out.trim()), "{}", offers.out);

    std::fs::write(scene.file("offer"), "bob:guessed").unwrap();
    let guessed = scene.as_user("alice", &["perms", "accept", file.to_str().unwrap()]);
    assert_eq!(guessed.code, 6, "{}", guessed.err);
    assert_eq!(
        scene
            .as_user("alice", &["perms", "offer", "/bob/notes", "--read"])
            .code,
        5
    );
}

/// Every `statusCode` that the server has set in its messages.
fn status_codes(said: &Said) -> Vec<Value> {
    let mut codes = Vec::new();
    for message in &said.server {
        let Ok(Answer::Download { entries, .. }) = Answer::decode(message.clone(), 1 << 20) else {
            continue;
        };
        for entry in entries {
            for instruction in ros::changeset::decode(&entry.changeset)
                .unwrap()
                .instructions
            {
                if let Instruction::Update { path, value, .. } = instruction
                    && path.field.as_bytes() == b"statusCode"
                {
                    let ros::changeset::Value::Int(code) = value else {
                        panic!("{value:?}")
                    };
                    codes.push(json!([path.class.to_lossy(), code]));
                }
            }
        }
    }
    codes
}

#[test]
fn a_grant_is_a_session_with_the_management_realm_and_nothing_else() {
    let scene = Scene::set();
    let recorder = Recorder::before(scene.server.address());
    let mut grant = command(
        &scene.server,
        &["perms", "grant", "alice@example.com", "/~/notes", "--read"],
    );
    grant.env_remove("ROS_ADMIN_TOKEN_FILE");
    grant.env("ROS_TOKEN_FILE", scene.file("bob"));
    grant.env("ROS_SERVER", recorder.url());
    let granted = ran(grant.output().unwrap());
    assert_eq!(granted.code, 0, "{}", granted.err);
    let said = recorder.said();
    let targets: Vec<&str> = said
        .requests
        .iter()
        .map(|line| line.split('?').next().unwrap())
        .collect();
    assert_eq!(targets, ["GET /realm-sync"], "no other request is made");
    let bind = said
        .client
        .iter()
        .find(|message| message.starts_with(b"bind "))
        .unwrap();
    assert!(bind.ends_with(b"/~/__management"), "{bind:?}");
    assert_eq!(status_codes(&said), [json!(["PermissionChange", 0])]);
}

#[test]
fn it_works_without_permissions_over_http() {
    let server = Server::with_configuration("classic: {permissions: false}\n");
    let scratch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(scratch.path(), server.admin_token()).unwrap();
    let admin = |arguments: &[&str]| {
        let mut command = command(&server, arguments);
        command.env("ROS_ADMIN_TOKEN_FILE", scratch.path());
        ran(command.output().unwrap())
    };
    let class = r#"{"schema":{"name":"Note","kind":"top-level","primaryKey":{"name":"_id","type":"int","nullable":false},"columns":[]}}"#;
    let mut import = command(&server, &["realms", "import", "/shared/wall"]);
    import.env("ROS_ADMIN_TOKEN_FILE", scratch.path());
    let made = fed(import, class);
    assert_eq!(made.code, 0, "{}", made.err);
    let granted = admin(&["perms", "grant", "*", "/shared/wall", "--read"]);
    assert_eq!((granted.code, granted.err.as_str()), (0, ""));
    let shown = admin(&["perms", "show", "/shared/wall", "-o", "json"]);
    assert!(shown.out.contains("/shared/wall"), "{}", shown.out);

    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    let token = server.admin_token();
    let request = format!(
        "GET /permissions HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\n\r\n",
        token.trim()
    );
    std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
    let answer = std::io::read_to_string(socket).unwrap();
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert!(answer.contains(r#""code":803"#), "{answer}");
}
