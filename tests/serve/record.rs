//! The audit log, act by act: changes of permissions, what administrators do, and each decision that is refused, with its reason.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::signed;
use crate::access::{ask, change, classic, flags, made, management};
use crate::hostile::client::Client;
use crate::support::patience::deadline;
use crate::support::server::Server;
use crate::support::wire::raw;

/// A server with an audit log.
struct Recorded {
    server: Server,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Recorded {
    fn start(configuration: &str) -> Recorded {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit");
        let server = Server::with_configuration(&format!(
            "classic: {{ registration: open }}\nlogging: {{ audit_path: {} }}\n\
             apps: {{ x: {{ registration: open, providers: {{ anon-user: true, local-userpass: true, api-key: true }} }} }}\n{configuration}",
            file.display()
        ));
        Recorded {
            server,
            file,
            _folder: folder,
        }
    }

    /// The last entry of an act and outcome, once there is one that has these members.
    fn entry(&self, act: &str, outcome: &str, members: &Value) -> Value {
        let end = deadline();
        loop {
            let text = std::fs::read_to_string(&self.file).unwrap_or_default();
            let lines = text
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            let mut found = lines.filter(|entry: &Value| {
                let has = |(name, value): (&String, &Value)| entry[name] == *value;
                let members = members.as_object().unwrap();
                entry["act"] == act && entry["outcome"] == outcome && members.iter().all(has)
            });
            if let Some(found) = found.next_back() {
                return found;
            }
            assert!(
                Instant::now() < end,
                "no {act} {outcome} {members} in {text}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How many entries there are of an act that was refused.
    fn refused(&self, act: &str) -> usize {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let refused = |entry: &Value| entry["act"] == act && entry["outcome"] == "refused";
        lines.filter(refused).count()
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Value {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let token = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let length = body.len();
        let sent = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}Content-Length: {length}\r\n\r\n{body}"
        );
        let answer = raw(self.server.address(), sent.as_bytes());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_default()
    }

    fn administer(&self, method: &str, path: &str, body: &Value) -> Value {
        let token = self.server.admin_token();
        self.ask(method, &format!("/api/ros/v1/{path}"), &token, body)
    }

    fn user(&self, id: &str) -> String {
        signed(&self.server, &format!(r#"{{"identity":"{id}"}}"#))
    }

    /// Nothing secret is in the log.
    fn keeps(&self, secrets: &[&str]) {
        let text = std::fs::read_to_string(&self.file).unwrap();
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_refused_is_on_record_with_its_reason() {
    use ros::changeset::{
        Changeset, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind, encode,
    };
    let recorded = Recorded::start("access: { frozen: [ /ada/frozen ] }\n");
    let server = &recorded.server;
    let ada = classic(server, "ada").await;
    classic(server, "bob").await;
    let adding = |name: &str| {
        let kind = TableKind::TopLevel(PrimaryKeyColumn {
            field: "_id".into(),
            kind: KeyKind::Int,
            nullable: false,
        });
        let class = name.into();
        encode(&Changeset {
            instructions: vec![Instruction::AddTable { class, kind }],
        })
    };
    let creating = encode(&Changeset {
        instructions: vec![Instruction::CreateObject {
            class: "Note".into(),
            key: Key::Int(1),
        }],
    });
    let erasing = encode(&Changeset {
        instructions: vec![Instruction::EraseTable {
            class: "Note".into(),
        }],
    });
    for realm in ["notes", "frozen"] {
        made(&ada, &format!("/ada/{realm}")).await;
    }
    let mut owner = Client::with_token(server, &recorded.user("ada").replace('+', "%2B"));
    owner.bind(1, "/ada/notes");
    owner.upload(1, &adding("Note"));
    owner.acknowledged();
    let from_ada = management(&ada).await;
    let token = recorded.user("bob").replace('+', "%2B");
    for (rights, realm, changeset, reason) in [
        (
            "r--",
            "notes",
            &creating,
            "the user may not write to this Realm",
        ),
        (
            "r--",
            "notes",
            &adding("Other"),
            "the user may not add classes to this Realm",
        ),
        (
            "rw-",
            "notes",
            &erasing,
            "the user may not remove classes of this Realm",
        ),
        (
            "rwm",
            "frozen",
            &adding("Other"),
            "the user may not add classes to this Realm",
        ),
    ] {
        let realm = format!("/ada/{realm}");
        assert_eq!(ask(&from_ada, change("bob", &realm, rights)).await.code, 0);
        let before = recorded.refused("upload");
        let mut bob = Client::with_token(server, &token);
        bob.bind(1, &realm);
        bob.upload(1, changeset);
        assert_eq!(bob.error().0, 206);
        let members = json!({"by": "bob", "realm": realm, "reason": reason, "from": "127.0.0.1"});
        recorded.entry("upload", "refused", &members);
        assert_eq!(recorded.refused("upload"), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_and_what_is_not_is_on_record() {
    use ros::client::permissions::Ask;
    let recorded = Recorded::start("");
    let server = &recorded.server;
    let (ada, bob) = (classic(server, "ada").await, classic(server, "bob").await);
    made(&ada, "/ada/notes").await;
    let (from_ada, from_bob) = (management(&ada).await, management(&bob).await);
    let is = |outcome: &str, members: Value| {
        recorded.entry("permission", outcome, &members);
    };
    for (rights, user, detail) in [
        ("r--", "bob", "read"),
        ("rwm", "bob", "read write manage"),
        ("r--", "*", "read"),
        ("---", "bob", "nothing"),
    ] {
        ask(&from_ada, change(user, "/~/notes", rights)).await;
        is(
            "done",
            json!({"by": "ada", "user": user, "realm": "/ada/notes", "detail": detail}),
        );
    }
    ask(&from_bob, change("eve", "/ada/notes", "rwm")).await;
    let denied = "The path is invalid or current user has no access.";
    is(
        "refused",
        json!({"by": "bob", "user": "eve", "realm": "/ada/notes", "reason": denied}),
    );
    ask(&from_ada, change("nobody", "/~/notes", "r--")).await;
    let unknown = "Your request parameters did not validate: userId names no user";
    is(
        "refused",
        json!({"by": "ada", "user": "nobody", "reason": unknown}),
    );

    let offer = |realm: &str| Ask::Offer {
        realm: realm.into(),
        flags: flags("rw-"),
        expires: None,
    };
    let token = ask(&from_ada, offer("/~/notes")).await.token.unwrap();
    is(
        "done",
        json!({"by": "ada", "realm": "/ada/notes", "detail": "offered read write"}),
    );
    ask(&from_bob, offer("/ada/notes")).await;
    is(
        "refused",
        json!({"by": "bob", "realm": "/ada/notes", "detail": "an offer"}),
    );
    let accept = |token: &str| Ask::Accept {
        token: token.into(),
    };
    ask(&from_bob, accept(&token)).await;
    is(
        "done",
        json!({"by": "bob", "realm": "/ada/notes", "detail": "took up an offer of ada"}),
    );
    ask(&from_bob, accept("0123456789")).await;
    is(
        "refused",
        json!({"by": "bob", "detail": "taking an offer up"}),
    );

    // The same over HTTP.
    let (ada, bob) = (recorded.user("ada"), recorded.user("bob"));
    let apply = |who: &str, level: &str| {
        let body = json!({"condition": {"userId": "bob"}, "realmPath": "/ada/notes", "accessLevel": level});
        recorded.ask("POST", "/permissions/apply", who, &body)
    };
    apply(&ada, "admin");
    is(
        "done",
        json!({"by": "ada", "user": "bob", "detail": "read write manage"}),
    );
    apply(&ada, "none");
    apply(&bob, "admin");
    is(
        "refused",
        json!({"by": "bob", "user": "bob", "realm": "/ada/notes", "reason": denied}),
    );
    recorded.ask(
        "DELETE",
        &format!("/permissions/offers/{token}"),
        &bob,
        &Value::Null,
    );
    is(
        "refused",
        json!({"by": "bob", "detail": "an offer is withdrawn"}),
    );
    recorded.ask(
        "DELETE",
        &format!("/permissions/offers/{token}"),
        &ada,
        &Value::Null,
    );
    is(
        "done",
        json!({"by": "ada", "detail": "an offer is withdrawn"}),
    );
    recorded.ask("GET", "/permissions", "", &Value::Null);
    is(
        "refused",
        json!({"detail": "/permissions", "reason": "no token", "from": "127.0.0.1"}),
    );
    recorded.keeps(&[&token, &ada, &bob]);
}

#[test]
fn what_administrators_do_is_on_record() {
    let recorded = Recorded::start("");
    let by = |user: &str, detail: Value| json!({"by": "__admin", "user": user, "detail": detail, "from": "127.0.0.1"});
    let name = json!({"name": "ada", "password": "correct horse", "admin": true});
    let ada = recorded.administer("POST", "users", &name)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    recorded.entry("add-user", "done", &by(&ada, "administrator".into()));
    let grace = json!({"id": "grace", "name": "grace"});
    recorded.administer("POST", "users/import", &grace);
    recorded.entry("add-user", "done", &by("grace", "imported".into()));
    for (change, detail) in [
        (json!({"suspended": true}), "suspended"),
        (json!({"password": "battery staple"}), "password"),
        (
            json!({"admin": false, "suspended": false, "metadata": {"team": "blue"}}),
            "no administrator, active, custom data",
        ),
    ] {
        recorded.administer("PATCH", &format!("users/{ada}"), &change);
        recorded.entry("change-user", "done", &by(&ada, detail.into()));
    }
    let token = recorded.user("somebody");
    recorded.administer("POST", "tokens/revoke", &json!({ "token": token }));
    recorded.entry("revoke-token", "done", &json!({"by": "__admin"}));
    recorded.administer("DELETE", "users/grace", &Value::Null);
    recorded.entry(
        "remove-user",
        "done",
        &json!({"by": "__admin", "user": "grace"}),
    );

    // As Realm Object Server 2 and 3 have it.
    let admin = recorded.server.admin_token();
    let eve = json!({"provider": "password", "provider_id": "eve"});
    let eve = recorded.ask("PUT", "/auth/users", &admin, &eve)["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    recorded.entry("add-user", "done", &json!({"by": "__admin", "user": eve}));
    let path = format!("/auth/users/{eve}");
    recorded.ask("PATCH", &path, &admin, &json!({"status": "suspended"}));
    let suspended = json!({"by": "__admin", "user": eve, "detail": "suspended"});
    recorded.entry("change-user", "done", &suspended);
    recorded.ask("DELETE", &path, &admin, &Value::Null);
    recorded.entry(
        "remove-user",
        "done",
        &json!({"by": "__admin", "user": eve}),
    );
    recorded.keeps(&["correct horse", "battery staple", &token, &admin]);
}

#[test]
fn each_request_that_is_refused_is_on_record() {
    let recorded = Recorded::start("");
    let app = "/api/client/v2.0";
    let provider = format!("{app}/app/x/auth/providers");
    let login = json!({"provider": "anon-user"});
    let session = recorded.ask("POST", &format!("{provider}/anon-user/login"), "", &login);
    let token = |name: &str| session[name].as_str().unwrap().to_owned();
    let (access, refresh) = (token("access_token"), token("refresh_token"));
    recorded.ask(
        "DELETE",
        &format!("{app}/auth/session"),
        &refresh,
        &Value::Null,
    );
    recorded.entry("sign-out", "done", &json!({}));
    let ada = recorded.user("ada");
    let minted = signed(
        &recorded.server,
        r#"{"identity":"ada","access":["refresh"]}"#,
    );
    let nothing = Value::Null;
    let wrong = json!({"username": "u@example.com", "password": "wrong password"});
    let common = json!({"email": "u@example.com", "password": "password123"});
    let mailed = json!({"token": "00", "tokenId": "00", "password": "correct horse"});
    for (method, path, token, body, act, members) in [
        // Of apps.
        (
            "POST",
            format!("{provider}/local-userpass/login"),
            "",
            wrong.clone(),
            "sign-in",
            json!({"app": "x", "reason": "invalid username/password"}),
        ),
        (
            "POST",
            format!("{provider}/api-key/login"),
            "",
            json!({"key": "00"}),
            "sign-in",
            json!({"app": "x", "detail": "api-key"}),
        ),
        (
            "POST",
            format!("{provider}/local-userpass/register"),
            "",
            common,
            "register",
            json!({"app": "x", "reason": "password is one of the most common ones"}),
        ),
        (
            "POST",
            format!("{provider}/local-userpass/reset"),
            "",
            mailed.clone(),
            "password",
            json!({"app": "x", "reason": "invalid token data"}),
        ),
        (
            "POST",
            format!("{provider}/local-userpass/confirm"),
            "",
            mailed,
            "confirm",
            json!({"app": "x"}),
        ),
        (
            "POST",
            format!("{provider}/local-userpass/login?link=true"),
            &*access,
            wrong,
            "link",
            json!({"app": "x", "reason": "invalid session: the login has ended"}),
        ),
        (
            "POST",
            format!("{app}/auth/session"),
            &refresh,
            nothing.clone(),
            "access-token",
            json!({"reason": "invalid session: the login has ended"}),
        ),
        (
            "DELETE",
            format!("{app}/auth/session"),
            &refresh,
            nothing.clone(),
            "sign-out",
            json!({}),
        ),
        (
            "DELETE",
            format!("{app}/auth/delete"),
            &access,
            nothing.clone(),
            "remove-user",
            json!({}),
        ),
        (
            "POST",
            format!("{app}/auth/api_keys"),
            &refresh,
            json!({"name": "key"}),
            "api-key",
            json!({}),
        ),
        // Classic.
        (
            "POST",
            "/auth".into(),
            "",
            json!({"provider": "password", "data": "ada", "user_info": {"password": "wrong"}}),
            "sign-in",
            json!({"app": "classic", "reason": "invalid username/password"}),
        ),
        (
            "POST",
            "/auth".into(),
            "",
            json!({"provider": "password", "data": "ada", "user_info": {"password": "x", "register": true}}),
            "register",
            json!({"app": "classic"}),
        ),
        (
            "POST",
            "/auth".into(),
            "",
            json!({"provider": "realm", "data": minted, "path": "/bob/notes"}),
            "access-token",
            json!({"by": "ada", "realm": "/bob/notes"}),
        ),
        (
            "POST",
            "/auth".into(),
            "",
            json!({"provider": "realm", "data": ada, "path": ""}),
            "access-token",
            json!({}),
        ),
        (
            "POST",
            "/auth/revoke".into(),
            "",
            json!({"token": ada}),
            "sign-out",
            json!({"detail": "/auth/revoke"}),
        ),
        (
            "PUT",
            "/auth/password".into(),
            "junk",
            json!({"data": {"new_password": "correct horse"}}),
            "password",
            json!({"detail": "/auth/password"}),
        ),
        (
            "POST",
            "/auth/password/updateAccount".into(),
            "",
            json!({"provider_id": "ada", "data": {"action": "confirm_email", "token": "0".repeat(88)}}),
            "confirm",
            json!({"app": "classic"}),
        ),
        (
            "GET",
            "/auth/users".into(),
            &ada,
            nothing.clone(),
            "administer",
            json!({"by": "ada", "detail": "/auth/users", "reason": "only administrators may do this"}),
        ),
        (
            "GET",
            "/auth/users/bob".into(),
            &ada,
            nothing.clone(),
            "administer",
            json!({"by": "ada", "reason": "somebody else"}),
        ),
        (
            "GET",
            "/auth/users/password/bob".into(),
            &ada,
            nothing.clone(),
            "administer",
            json!({"by": "ada"}),
        ),
        (
            "PATCH",
            "/auth/users/bob".into(),
            &ada,
            json!({"status": "suspended"}),
            "administer",
            json!({"by": "ada"}),
        ),
        (
            "DELETE",
            "/auth/users/bob".into(),
            &ada,
            nothing.clone(),
            "remove-user",
            json!({"by": "ada", "reason": "somebody else"}),
        ),
        (
            "GET",
            "/realms/files/%2Fbob%2Fnotes".into(),
            &ada,
            nothing.clone(),
            "open",
            json!({"detail": "/realms/files/%2Fbob%2Fnotes"}),
        ),
        // Of administrators.
        (
            "GET",
            "/api/ros/v1/users".into(),
            &ada,
            nothing.clone(),
            "administer",
            json!({"by": "ada", "detail": "/api/ros/v1/users", "reason": "only administrators may do this"}),
        ),
        (
            "POST",
            "/api/ros/v1/tokens/revoke".into(),
            "",
            nothing.clone(),
            "administer",
            json!({"reason": "no token"}),
        ),
    ] {
        let before = recorded.refused(act);
        recorded.ask(method, &path, token, &body);
        let mut members = members;
        members["from"] = "127.0.0.1".into();
        recorded.entry(act, "refused", &members);
        assert_eq!(recorded.refused(act), before + 1, "{method} {path}: once");
    }
    recorded.keeps(&["wrong password", &access, &refresh, &ada, &minted]);
}

#[test]
fn who_asks_for_what_it_may_see_leaves_no_refusal() {
    let recorded = Recorded::start("");
    let body = json!({"provider": "password", "provider_id": "ada", "user_id": "ada"});
    let made = recorded.ask("PUT", "/auth/users", &recorded.server.admin_token(), &body);
    assert_eq!(made["user_id"], "ada", "{made}");
    let file = tempfile::NamedTempFile::new().unwrap();
    // A user, and somebody who has a token alone.
    for id in ["ada", "sam"] {
        std::fs::write(file.path(), recorded.user(id)).unwrap();
        let arguments: [&[&str]; 6] = [
            &["realms", "export", "/~/notes"],
            &["realms", "info", "/~/notes"],
            &["perms", "list"],
            &["perms", "show", "/~/notes"],
            &["perms", "grant", "*", "/~/notes", "--read"],
            &["perms", "offers"],
        ];
        for arguments in arguments {
            let ran = std::process::Command::new(env!("CARGO_BIN_EXE_ros"))
                .args(arguments)
                .args(["--server", &recorded.server.url(), "--token-file"])
                .arg(file.path())
                .output()
                .unwrap();
            assert!(ran.status.success(), "{arguments:?}: {ran:?}");
        }
    }
    recorded.ask(
        "GET",
        "/auth/users/nobody",
        &recorded.server.admin_token(),
        &Value::Null,
    );
    for act in ["open", "administer", "access-token"] {
        assert_eq!(recorded.refused(act), 0, "{act}");
    }
    // What is refused is there all the same.
    recorded.ask(
        "GET",
        "/auth/users/nobody",
        &recorded.user("ada"),
        &Value::Null,
    );
    recorded.entry(
        "administer",
        "refused",
        &json!({"by": "ada", "reason": "somebody else"}),
    );
}

#[test]
fn a_connection_that_is_refused_is_on_record() {
    use crate::serve::{NEWEST, bind};
    use crate::support::wire::Wire;
    let recorded = Recorded::start("");
    let address = recorded.server.address();
    let ada = recorded.user("ada");
    let mut wire = Wire::open(address, "/realm-sync", Some(NEWEST)).unwrap();
    for (session, path, token, members) in [
        (
            1,
            "/bob/notes",
            &*ada,
            json!({"by": "ada", "realm": "/bob/notes", "reason": "nothing is granted to this user"}),
        ),
        (
            2,
            "/ada/../bob/notes",
            &ada,
            json!({"by": "ada", "realm": "/ada/../bob/notes"}),
        ),
        (
            3,
            "/bob/__management",
            &ada,
            json!({"by": "ada", "realm": "/bob/__management", "reason": "the Realm is the server's own"}),
        ),
        (
            4,
            "/ada/notes",
            "junk",
            json!({"reason": "invalid session: the token has neither of the known forms"}),
        ),
    ] {
        let (kind, _) = bind(&mut wire, session, path, token);
        assert_eq!(kind, "json_error");
        let mut members = members;
        members["from"] = "127.0.0.1".into();
        recorded.entry("open", "refused", &members);
    }
    drop(Wire::open(
        address,
        "/realm-sync?baas_at=junk",
        Some(NEWEST),
    ));
    recorded.entry("open", "refused", &json!({"from": "127.0.0.1"}));
    recorded.keeps(&[&ada]);
}
