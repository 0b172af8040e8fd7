//! Every combination of a user's own flags and everybody's, of owner, administrator and the states of an offer, tried over sync, HTTP and the command line against a small model that
//! shares nothing with the server: the rules as docs/access.md has them.

use std::process::Command;

use ros::changeset::{Changeset, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind, encode};
use ros::client::permissions::{Ask, Management};
use serde_json::{Value, json};

use super::{ask, change, classic, flags, made, management};
use crate::hostile::client::Client;
use crate::serve::signed;
use crate::support::server::Server;
use crate::support::wire;

/// Read, write, manage.
type Flags = [bool; 3];

const REALM: &str = "/ada/notes";

/// Every set of flags but the empty one, and no row.
fn rows() -> Vec<Option<Flags>> {
    let set = |bits: u8| [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0];
    let rows = (1..8).map(|bits| Some(set(bits)));
    std::iter::once(None).chain(rows).collect()
}

/// Who asks, and what is granted.
#[derive(Debug, Clone, Copy)]
struct Case {
    user: &'static str,
    own: Option<Flags>,
    /// Whether the own row came by an offer.
    offered: bool,
    everyone: Option<Flags>,
}

impl Case {
    /// What the user may do. `ada` owns the Realm, `root` is an administrator.
    fn model(self) -> Flags {
        if matches!(self.user, "ada" | "root") {
            return [true; 3];
        }
        let of = |row: Option<Flags>| row.unwrap_or_default();
        let mut may = match (self.own, self.offered) {
            (None, _) => of(self.everyone),
            (Some(own), false) => own,
            (Some(own), true) => [0, 1, 2].map(|at| own[at] || of(self.everyone)[at]),
        };
        may[0] |= may[1] || may[2];
        may
    }
}

/// A server with Ada's Realm, and who asks for rights there.
struct World {
    server: Server,
    from_ada: Management,
    folder: tempfile::TempDir,
    objects: i64,
}

/// `rwm`, `.` for nothing: what a request sets.
fn letters(row: Option<Flags>) -> String {
    let row = row.unwrap_or_default();
    let letter = |(is, letter): (bool, char)| if is { letter } else { '-' };
    row.into_iter().zip("rwm".chars()).map(letter).collect()
}

fn class(name: &str) -> Vec<Instruction> {
    let kind = TableKind::TopLevel(PrimaryKeyColumn {
        field: "_id".into(),
        kind: KeyKind::Int,
        nullable: false,
    });
    let class = name.into();
    vec![Instruction::AddTable { class, kind }]
}

impl World {
    async fn new() -> World {
        let server = Server::start();
        let ada = classic(&server, "ada").await;
        for user in ["bob", "eve", "root"] {
            classic(&server, user).await;
        }
        let database = ros::storage::connect(&server.root().join("admin.db")).unwrap();
        let sql = "UPDATE users SET admin = 1 WHERE id = 'root'";
        assert_eq!(database.execute(sql, []).unwrap(), 1);
        made(&ada, REALM).await;
        let from_ada = management(&ada).await;
        let folder = tempfile::tempdir().unwrap();
        for user in ["ada", "bob", "root"] {
            let token = signed(&server, &format!(r#"{{"identity":"{user}"}}"#));
            std::fs::write(folder.path().join(user), token).unwrap();
        }
        let world = World {
            server,
            from_ada,
            folder,
            objects: 0,
        };
        assert_eq!(world.uploads("ada", class("Note")), Ok(()));
        world
    }

    fn token(&self, user: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(user)).unwrap()
    }

    async fn grant(&self, user: &str, row: Option<Flags>) {
        let told = ask(&self.from_ada, change(user, REALM, &letters(row))).await;
        assert_eq!(told.code, 0, "{told:?}");
    }

    /// Opens the Realm and uploads something; the code of the refusal.
    fn uploads(&self, user: &str, instructions: Vec<Instruction>) -> Result<(), u64> {
        let token = self.token(user).replace('+', "%2B");
        let mut client = Client::with_token(&self.server, &token);
        let head = format!("bind 1 {} 0 1 0\n", REALM.len());
        client.send(&head, REALM.as_bytes());
        let answer = client.next();
        if answer.kind() == "json_error" {
            return Err(answer.number(1));
        }
        let ident = format!(
            "ident 1 {} {} 0 0 0 0\n",
            answer.number(2),
            answer.number(3)
        );
        client.send(&ident, b"");
        client.upload(1, &encode(&Changeset { instructions }));
        loop {
            let message = client.next();
            match message.kind() {
                "json_error" => return Err(message.number(1)),
                "download" if message.number(6) >= client.version => return Ok(()),
                _ => {}
            }
        }
    }

    fn http(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        wire::ask(self.server.address(), method, path, token, body)
    }

    fn ros(&self, arguments: &[&str], user: Option<&str>) -> (Option<i32>, String) {
        let keys = self.server.root().join("keys/admin.token");
        let file = user.map_or(keys, |user| self.folder.path().join(user));
        let output = Command::new(env!("CARGO_BIN_EXE_ros"))
            .env_remove("ROS_ADMIN_TOKEN_FILE")
            .args(arguments)
            .args(["--server", &self.server.url(), "--token-file"])
            .arg(file)
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), out)
    }

    /// Tries everything, each way.
    fn check(&mut self, case: Case) {
        let [read, write, manage] = case.model();
        let user = case.user;
        let denied = |allowed| if allowed { Ok(()) } else { Err(206) };

        self.objects += 1;
        let new = Instruction::CreateObject {
            class: "Note".into(),
            key: Key::Int(self.objects),
        };
        assert_eq!(
            self.uploads(user, vec![new]),
            denied(write),
            "data: {case:?}"
        );
        // What is there already needs no right but to read.
        assert_eq!(
            self.uploads(user, class("Note")),
            denied(read),
            "read: {case:?}"
        );
        let fresh = class(&format!("Class{}", self.objects));
        assert_eq!(
            self.uploads(user, fresh),
            denied(write),
            "classes: {case:?}"
        );
        let name = format!("Gone{}", self.objects);
        assert_eq!(self.uploads("ada", class(&name)), Ok(()));
        let gone = vec![Instruction::EraseTable {
            class: name.as_str().into(),
        }];
        assert_eq!(
            self.uploads(user, gone),
            denied(manage),
            "erasing: {case:?}"
        );

        let refresh = signed(
            &self.server,
            &format!(r#"{{"identity":"{user}","access":["refresh"]}}"#),
        );
        let body = json!({"provider": "realm", "data": refresh, "path": REALM});
        let (status, told) = self.http("POST", "/auth", "", &body);
        let words = ["download", "upload", "manage"]
            .into_iter()
            .zip([read, write, manage]);
        let words: Vec<_> = words
            .filter_map(|(word, has)| has.then_some(word))
            .collect();
        if words.is_empty() {
            assert_eq!((status, &told["code"]), (403, &json!(614)), "{case:?}");
        } else {
            let access = &told["access_token"]["token_data"]["access"];
            assert_eq!((status, access), (200, &json!(words)), "{case:?}");
        }
        let token = self.token(user);
        let (status, _) = self.http("GET", "/realms/files/%2Fada%2Fnotes", &token, &Value::Null);
        assert_eq!(status, if read { 200 } else { 403 }, "files: {case:?}");
        let body =
            json!({"condition": {"userId": "eve"}, "realmPath": REALM, "accessLevel": "read"});
        let (status, _) = self.http("POST", "/permissions/apply", &token, &body);
        assert_eq!(status, if manage { 200 } else { 403 }, "apply: {case:?}");
        let body = json!({"realmPath": REALM, "accessLevel": "read", "expiresAt": null});
        let (status, _) = self.http("POST", "/permissions/offers", &token, &body);
        assert_eq!(status, if manage { 200 } else { 403 }, "offer: {case:?}");

        let (code, out) = self.ros(&["perms", "why", user, REALM, "-o", "json"], None);
        let why: Value = serde_json::from_str(&out).unwrap();
        let told = ["mayRead", "mayWrite", "mayManage"].map(|name| why[name] == true);
        assert_eq!(
            (code, told),
            (Some(0), [read, write, manage]),
            "why: {case:?}"
        );
        let (code, _) = self.ros(&["perms", "grant", "eve", REALM, "--read"], Some(user));
        assert_eq!(code, Some(if manage { 0 } else { 5 }), "grant: {case:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_granted_is_allowed_and_nothing_else() {
    let mut world = World::new().await;
    for everyone in rows() {
        world.grant("*", everyone).await;
        for own in rows() {
            world.grant("bob", own).await;
            world.check(Case {
                user: "bob",
                own,
                offered: false,
                everyone,
            });
        }
        for user in ["ada", "root"] {
            world.check(Case {
                user,
                own: None,
                offered: false,
                everyone,
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_gives_what_it_says_once_it_is_taken_up_and_not_before() {
    let mut world = World::new().await;
    let bob = management(&classic(&world.server, "bob").await).await;
    for everyone in [None, Some([true, false, false]), Some([true, true, false])] {
        world.grant("*", everyone).await;
        for offered in rows().into_iter().flatten() {
            world.grant("bob", None).await;
            let case = |own| Case {
                user: "bob",
                own,
                offered: true,
                everyone,
            };
            let offer = Ask::Offer {
                realm: REALM.into(),
                flags: flags(&letters(Some(offered))),
                expires: None,
            };
            let token = ask(&world.from_ada, offer).await.token.unwrap();
            let accept = |token: &str| Ask::Accept {
                token: token.into(),
            };
            assert_eq!(ask(&bob, accept(&format!("{token}0"))).await.code, 601);
            world.check(case(None));
            assert_eq!(ask(&bob, accept(&token)).await.code, 0);
            world.check(case(Some(offered)));
            // Withdrawn, it gives nobody anything any more, and leaves what was taken.
            let path = format!("/permissions/offers/{token}");
            let ada = world.token("ada");
            let (status, _) = world.http("DELETE", &path, &ada, &Value::Null);
            assert_eq!(status, 200);
            assert_eq!(ask(&bob, accept(&token)).await.code, 601);
            world.check(case(Some(offered)));
        }
    }
}
