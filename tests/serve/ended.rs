//! Every way in which a user, a login or a token ends: what it has open is closed within a second, in the form that clients of each version take, and nothing of it opens anything any more.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tokens::in_seconds;
use super::{NEWEST, OLD, bind, is_bound};
use crate::support::patience::{deadline, stretched};
use crate::support::server::Server;
use crate::support::wire::{Wire, ask};

/// From protocol 8 on a close code says to get a new token; below, any would keep the client away.
const VERSIONS: [(&str, Option<u16>); 3] = [
    (NEWEST, Some(4001)),
    ("com.mongodb.realm-sync/8", Some(4001)),
    (OLD, None),
];

const AT_ONCE: Duration = Duration::from_secs(1);

/// Somebody who has signed in with a name and a password.
struct Person {
    address: SocketAddr,
    id: String,
    name: String,
    access: String,
    refresh: String,
}

const PASSWORD: &str = "a long password";

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

impl Person {
    /// One who registers, at the app `x`.
    fn of_app(server: &Server, name: &str) -> Person {
        let address = server.address();
        let body = json!({ "email": name, "password": PASSWORD });
        let path = "/api/client/v2.0/app/x/auth/providers/local-userpass/register";
        assert_eq!(ask(address, "POST", path, "", &body).0, 201);
        let (status, answer) = app_login(address, name, PASSWORD);
        assert_eq!(status, 200, "{answer}");
        Person {
            address,
            id: text(&answer["user_id"]),
            name: name.to_owned(),
            access: text(&answer["access_token"]),
            refresh: text(&answer["refresh_token"]),
        }
    }

    /// One who registers through the classic API.
    fn classic(server: &Server, name: &str) -> Person {
        let address = server.address();
        let info = json!({ "password": PASSWORD, "register": true });
        let body = json!({ "provider": "password", "data": name, "user_info": info });
        let (status, answer) = ask(address, "POST", "/auth", "", &body);
        assert_eq!(status, 200, "{answer}");
        let token = &answer["refresh_token"];
        let refresh = text(&token["token"]);
        let (status, answer) = classic_refresh(address, &refresh);
        assert_eq!(status, 200, "{answer}");
        Person {
            address,
            id: text(&token["token_data"]["identity"]),
            name: name.to_owned(),
            access: text(&answer["user_token"]["token"]),
            refresh,
        }
    }

    /// What is done to this user.
    fn end(&self, how: &Way, admin: &str) {
        let Way {
            method,
            path,
            by,
            body,
            status,
            ..
        } = how;
        let path = path.replace("ID", &self.id);
        let shown = match by {
            By::Admin => admin,
            By::Access => &self.access,
            By::Refresh => &self.refresh,
        };
        let body = body
            .replace("ACCESS", &self.access)
            .replace("REFRESH", &self.refresh);
        let body = serde_json::from_str(&body).unwrap_or_default();
        let (answered, answer) = ask(self.address, method, &path, shown, &body);
        assert_eq!(answered, *status, "{method} {path}: {answer}");
    }
}

fn app_login(address: SocketAddr, name: &str, password: &str) -> (u16, Value) {
    let body = json!({ "username": name, "password": password });
    let path = "/api/client/v2.0/app/x/auth/providers/local-userpass/login";
    ask(address, "POST", path, "", &body)
}

fn classic_refresh(address: SocketAddr, refresh: &str) -> (u16, Value) {
    let body = json!({ "provider": "realm", "data": refresh, "path": null });
    ask(address, "POST", "/auth", "", &body)
}

fn escaped(token: &str) -> String {
    token.replace('+', "%2B")
}

/// Whose token is shown.
enum By {
    Admin,
    Access,
    Refresh,
}

/// A way to end; `ID`, `ACCESS` and `REFRESH` stand for what the user has.
struct Way {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    by: By,
    body: &'static str,
    status: u16,
}

const fn way(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    by: By,
    body: &'static str,
    status: u16,
) -> Way {
    Way {
        name,
        method,
        path,
        by,
        body,
        status,
    }
}

const OF_APPS: [Way; 6] = [
    way(
        "removed",
        "DELETE",
        "/api/ros/v1/users/ID?app=x",
        By::Admin,
        "",
        200,
    ),
    way(
        "removes itself",
        "DELETE",
        "/api/client/v2.0/auth/delete",
        By::Access,
        "",
        204,
    ),
    way(
        "suspended",
        "PATCH",
        "/api/ros/v1/users/ID?app=x",
        By::Admin,
        r#"{"suspended":true}"#,
        200,
    ),
    way(
        "another password",
        "PATCH",
        "/api/ros/v1/users/ID?app=x",
        By::Admin,
        r#"{"password":"another password"}"#,
        200,
    ),
    way(
        "signs out",
        "DELETE",
        "/api/client/v2.0/auth/session",
        By::Refresh,
        "",
        204,
    ),
    way(
        "token revoked",
        "POST",
        "/api/ros/v1/tokens/revoke",
        By::Admin,
        r#"{"token":"ACCESS"}"#,
        200,
    ),
];

const CLASSIC: [Way; 8] = [
    way(
        "removed",
        "DELETE",
        "/api/ros/v1/users/ID",
        By::Admin,
        "",
        200,
    ),
    way(
        "removed, classic",
        "DELETE",
        "/auth/users/ID",
        By::Admin,
        "",
        200,
    ),
    way(
        "removes itself",
        "DELETE",
        "/auth/user/ID",
        By::Refresh,
        "",
        200,
    ),
    way(
        "suspended",
        "PATCH",
        "/api/ros/v1/users/ID",
        By::Admin,
        r#"{"suspended":true}"#,
        200,
    ),
    way(
        "suspended, classic",
        "PATCH",
        "/auth/users/ID",
        By::Admin,
        r#"{"status":"suspended"}"#,
        200,
    ),
    way(
        "another password",
        "PATCH",
        "/api/ros/v1/users/ID",
        By::Admin,
        r#"{"password":"another password"}"#,
        200,
    ),
    way("signs out", "POST", "/auth/revoke", By::Refresh, "", 200),
    way(
        "token revoked",
        "POST",
        "/api/ros/v1/tokens/revoke",
        By::Admin,
        r#"{"token":"REFRESH"}"#,
        200,
    ),
];

/// Waits for the end of a connection; what is told to its session before it ends is nothing: the client shall ask for a token, and not give its Realm up.
fn closes(wire: &mut Wire, code: Option<u16>, ended: Instant, how: &str) {
    while let Some(message) = wire.receive() {
        assert!(!message.kind().ends_with("error"), "{how}: {message:?}");
    }
    assert!(
        ended.elapsed() < stretched(AT_ONCE),
        "{how}: {:?}",
        ended.elapsed()
    );
    assert_eq!(wire.close_code(), code, "{how}");
}

#[test]
fn what_a_user_of_an_app_has_open_ends_with_it() {
    let server = Server::start();
    let (address, admin) = (server.address(), server.admin_token());
    let somebody = Person::of_app(&server, "somebody@example.com");
    let target = |person: &Person| {
        format!(
            "/api/client/v2.0/app/x/realm-sync?baas_at={}",
            person.access
        )
    };
    for (number, (protocol, code)) in VERSIONS.into_iter().enumerate() {
        let open = |person: &Person| Wire::open(address, &target(person), Some(protocol));
        let mut others = open(&somebody).unwrap();
        for way in &OF_APPS {
            let how = format!("{}, {protocol}", way.name);
            let name = format!("{}{number}@example.com", way.name.replace(' ', "."));
            let person = Person::of_app(&server, &name);
            let mut wires = [open(&person).unwrap(), open(&person).unwrap()];
            for wire in &mut wires {
                assert!(is_bound(wire, 1, "\"p\"", ""), "{how}");
            }
            person.end(way, &admin);
            let ended = Instant::now();
            for wire in &mut wires {
                closes(wire, code, ended, &how);
            }
            assert_eq!(open(&person).err(), Some(401), "{how}");
            let (status, answer) = ask(
                address,
                "POST",
                "/api/client/v2.0/auth/session",
                &person.refresh,
                &Value::Null,
            );
            let said = (status, &answer["error_code"]);
            assert_eq!(said, (401, &json!("InvalidSession")), "{how}");
            let password = match way.name {
                "another password" => "another password",
                _ => PASSWORD,
            };
            let comes_back = matches!(way.name, "another password" | "signs out" | "token revoked");
            let (status, _) = app_login(address, &person.name, password);
            assert_eq!(status, if comes_back { 200 } else { 401 }, "{how}");
        }
        assert!(is_bound(&mut others, 1, "\"p\"", ""), "{protocol}");
    }
}

#[test]
fn what_a_classic_user_has_open_ends_with_it() {
    let server = Server::start();
    let (address, admin) = (server.address(), server.admin_token());
    let somebody = Person::classic(&server, "somebody");
    for (number, (protocol, code)) in VERSIONS.into_iter().enumerate() {
        let open = |person: &Person| {
            let target = format!("/realm-sync?baas_at={}", escaped(&person.access));
            Wire::open(address, &target, Some(protocol))
        };
        let bare = || Wire::open(address, "/realm-sync", Some(protocol)).unwrap();
        let mut others = open(&somebody).unwrap();
        for way in &CLASSIC {
            let how = format!("{}, {protocol}", way.name);
            let person = Person::classic(&server, &format!("{} {number}", way.name));
            let home = format!("/{}/notes", person.id);
            // One shows its token with the upgrade, the other with BIND.
            let mut wires = [open(&person).unwrap(), bare()];
            assert!(is_bound(&mut wires[0], 1, &home, ""), "{how}");
            assert!(is_bound(&mut wires[1], 1, &home, &person.access), "{how}");
            person.end(way, &admin);
            let ended = Instant::now();
            for wire in &mut wires {
                closes(wire, code, ended, &how);
            }
            assert_eq!(open(&person).err(), Some(401), "{how}");
            let refused = bind(&mut bare(), 1, &home, &person.access);
            assert_eq!(refused.1, 206, "{how}");
            let (status, answer) = classic_refresh(address, &person.refresh);
            assert_eq!((status, &answer["code"]), (403, &json!(614)), "{how}");
        }
        let home = format!("/{}/notes", somebody.id);
        assert!(is_bound(&mut others, 1, &home, ""), "{protocol}");
    }
}

#[test]
fn what_a_minted_token_has_open_ends_when_it_is_revoked() {
    let server = Server::start();
    let (address, admin) = (server.address(), server.admin_token());
    for (number, (protocol, code)) in VERSIONS.into_iter().enumerate() {
        let claims = format!(r#"{{"identity":"sensor-{number}"}}"#);
        let token = super::signed(&server, &claims);
        let target = format!("/realm-sync?baas_at={}", escaped(&token));
        let open = || Wire::open(address, &target, Some(protocol));
        let mut wire = open().unwrap();
        assert!(is_bound(
            &mut wire,
            1,
            &format!("/sensor-{number}/hall"),
            ""
        ));
        let body = json!({ "token": token });
        let path = "/api/ros/v1/tokens/revoke";
        assert_eq!(ask(address, "POST", path, &admin, &body).0, 200);
        closes(&mut wire, code, Instant::now(), protocol);
        assert_eq!(open().err(), Some(401), "{protocol}");
    }
}

#[test]
fn what_was_minted_for_a_user_ends_when_the_user_is_removed() {
    let server = Server::start();
    let (address, admin) = (server.address(), server.admin_token());
    let remove = |id: &str| {
        let path = format!("/auth/users/{id}");
        assert_eq!(ask(address, "DELETE", &path, &admin, &Value::Null).0, 200);
    };
    for (number, (protocol, code)) in VERSIONS.into_iter().enumerate() {
        let person = Person::classic(&server, &format!("minted {number}"));
        let id = &person.id;
        let home = format!("/{id}/notes");
        let claims = [
            format!(r#"{{"identity":"{id}","timestamp":{}}}"#, in_seconds(0)),
            format!(r#"{{"identity":"{id}"}}"#), // nobody knows how old it is
            format!(r#"{{"identity":"{id}","access":["download"],"path":"{home}"}}"#),
        ];
        let refresh = format!(r#"{{"identity":"{id}","access":["refresh"]}}"#);
        let refresh = super::signed(&server, &refresh);
        assert_eq!(classic_refresh(address, &refresh).0, 200, "{protocol}");
        let open = |token: &str| {
            let target = format!("/realm-sync?baas_at={}", escaped(token));
            Wire::open(address, &target, Some(protocol))
        };
        let tokens = claims.map(|claims| super::signed(&server, &claims));
        let mut wires = tokens.each_ref().map(|token| open(token).unwrap());
        for wire in &mut wires {
            assert!(is_bound(wire, 1, &home, ""), "{protocol}");
        }
        remove(id);
        let ended = Instant::now();
        for wire in &mut wires {
            closes(wire, code, ended, protocol);
        }
        for token in &tokens {
            assert_eq!(open(token).err(), Some(401), "{protocol}");
            let mut bare = Wire::open(address, "/realm-sync", Some(protocol)).unwrap();
            assert_eq!(bind(&mut bare, 1, &home, token).1, 206, "{protocol}");
            let path = format!("/auth/users/{id}");
            let (status, answer) = ask(address, "GET", &path, token, &Value::Null);
            assert_eq!((status, &answer["code"]), (401, &json!(611)), "{answer}");
            let body = json!({ "token": token });
            let path = "/api/ros/v1/tokens/inspect";
            let (_, answer) = ask(address, "POST", path, &admin, &body);
            let cause = "invalid session: the user of the token has been removed";
            assert_eq!(answer["refused"], cause, "{answer}");
        }
        let (status, answer) = classic_refresh(address, &refresh);
        assert_eq!((status, &answer["code"]), (403, &json!(614)), "{protocol}");
        // What an operator makes afterwards is for whoever is meant by then.
        let later = format!(r#"{{"identity":"{id}","timestamp":{}}}"#, in_seconds(2));
        let mut wire = open(&super::signed(&server, &later)).unwrap();
        is_bound_in_the_end(&mut wire, &home, protocol);
    }
}

/// The file of a removed Realm goes a moment after the answer; until then devices are told to try again.
fn is_bound_in_the_end(wire: &mut Wire, path: &str, protocol: &str) {
    let until = deadline();
    for session in 1.. {
        let (kind, code) = bind(wire, session, path, "");
        if kind == "ident" {
            return;
        }
        assert_eq!(code, 201, "{protocol}: {kind}");
        assert!(Instant::now() < until, "{protocol}: still being removed");
    }
}
