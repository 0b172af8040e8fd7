//! The reference implementation's client writes requests into Management Realms of virtual paths, in the columns that Realm JS 1.8.3 declares there, and reads the answers and the
//! rows that it is shown.
//!
//! `ROS_PEER` names the folder of a driver for it, `peer-rows`: it opens a Realm, makes the classes of a schema, writes rows of JSON, waits until none has a null in
//! `statusCode`, and prints all rows as JSON.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::{ask, change, classic, made, management};
use crate::serve::signed;
use crate::support::patience::deadline;
use crate::support::server::Server;

/// The built driver.
fn driver() -> Option<PathBuf> {
    let found = std::env::var_os("ROS_PEER").map(|folder| Path::new(&folder).join("peer-rows"));
    let found = found.filter(|program| program.is_file());
    if found.is_none() {
        println!("could not run: requests of the reference client (ROS_PEER has no peer-rows)");
    }
    found
}

fn schema() -> Value {
    let column = |kind: &str, optional: bool| json!({"type": kind, "optional": optional});
    let class = |name: &str, own: Value| {
        let mut properties = json!({
            "id": column("string", false), "createdAt": column("date", false), "updatedAt": column("date", false),
            "statusCode": column("int", true), "statusMessage": column("string", true),
        });
        let all = properties.as_object_mut().unwrap();
        all.extend(own.as_object().unwrap().clone());
        json!({"name": name, "primaryKey": "id", "properties": properties})
    };
    let flags = |optional| {
        ["mayRead", "mayWrite", "mayManage"]
            .into_iter()
            .map(move |name| (name.to_owned(), column("bool", optional)))
    };
    let with = |own: Value, more: &mut dyn Iterator<Item = (String, Value)>| {
        let mut own = own;
        own.as_object_mut().unwrap().extend(more);
        own
    };
    json!([
        class(
            "PermissionChange",
            with(
                json!({"userId": column("string", false), "realmUrl": column("string", false)}),
                &mut flags(true)
            )
        ),
        class(
            "PermissionOffer",
            with(
                json!({"token": column("string", true), "realmUrl": column("string", false), "expiresAt": column("date", true)}),
                &mut flags(false)
            )
        ),
        class(
            "PermissionOfferResponse",
            json!({"token": column("string", false), "realmUrl": column("string", true)})
        ),
    ])
}

/// A device of a user, with a file for each Realm.
struct Device<'a> {
    driver: &'a Path,
    server: &'a Server,
    token: String,
    folder: tempfile::TempDir,
}

impl Device<'_> {
    fn of<'a>(driver: &'a Path, server: &'a Server, user: &str) -> Device<'a> {
        Device {
            driver,
            server,
            token: signed(server, &format!(r#"{{"identity":"{user}"}}"#)),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Writes rows into a Realm; all rows by class when they are answered.
    fn run(&self, path: &str, schema: &Value, rows: &Value, more: &[&str]) -> Value {
        let file = |name: &str| self.folder.path().join(name);
        std::fs::write(file("schema"), schema.to_string()).unwrap();
        std::fs::write(file("rows"), rows.to_string()).unwrap();
        let port = self.server.address().port().to_string();
        let local = format!("{}.realm", path.replace(['/', '~'], "_"));
        let output = Command::new(self.driver)
            .current_dir(self.folder.path())
            .args(["--port", &port, "--token", &self.token, "--path", path])
            .args(["--schema", "schema", "--rows", "rows", "--file", &local])
            .args(["--timeout", "30"])
            .args(more)
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["ok"], true, "{told:#}");
        told["rows"].clone()
    }

    /// Asks in the Management Realm.
    fn ask(&self, rows: &Value) -> Value {
        self.run("/~/__management", &schema(), rows, &["--answered"])
    }

    /// Waits until it is shown these rows, and perhaps others: those of the server's own Realms left out.
    fn is_shown(&self, is: impl Fn(&[Shown]) -> bool) {
        let column = |kind: &str| json!({ "type": kind });
        let schema = json!([{"name": "Permission", "properties": {
            "updatedAt": column("date"), "userId": column("string"), "path": column("string"),
            "mayRead": column("bool"), "mayWrite": column("bool"), "mayManage": column("bool"),
        }}]);
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let flags = |row: &Value| {
            ["mayRead", "mayWrite", "mayManage"].map(|name| row[name].as_bool().unwrap())
        };
        let end = deadline();
        loop {
            let rows = self.run("/~/__permission", &schema, &json!([]), &[]);
            let rows = rows["Permission"].as_array().unwrap().iter();
            let rows = rows.map(|row| (text(row, "userId"), text(row, "path"), flags(row)));
            let rows: Vec<Shown> = rows.filter(|(_, path, _)| !path.contains("/__")).collect();
            if is(&rows) {
                return;
            }
            assert!(Instant::now() < end, "{rows:?}");
        }
    }
}

/// User, path and flags of a row.
type Shown = (String, String, [bool; 3]);

/// The row of this key.
fn row<'a>(rows: &'a Value, class: &str, id: &str) -> &'a Value {
    let mut rows = rows[class].as_array().unwrap().iter();
    rows.find(|row| row["id"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_client_asks_in_the_classic_form() {
    let Some(driver) = driver() else { return };
    let server = Server::start();
    let ada = classic(&server, "ada").await;
    for user in ["bob", "eve"] {
        classic(&server, user).await;
    }
    for realm in ["/ada/notes", "/ada/wall"] {
        made(&ada, realm).await;
    }
    let device = |user: &str| Device::of(&driver, &server, user);
    let (from_ada, from_bob, from_eve) = (device("ada"), device("bob"), device("eve"));
    let told = from_ada.ask(&json!([
        {"class": "PermissionChange", "id": "granted", "userId": "bob", "realmUrl": "realm://h:1/~/notes", "mayRead": true, "mayWrite": true, "mayManage": null},
        {"class": "PermissionChange", "id": "for all", "userId": "*", "realmUrl": "realm://h:1/~/wall", "mayRead": true, "mayWrite": null, "mayManage": null},
        {"class": "PermissionChange", "id": "nobody", "userId": "nobody", "realmUrl": "realm://h:1/~/notes", "mayRead": true, "mayWrite": true, "mayManage": true},
        {"class": "PermissionChange", "id": "nowhere", "userId": "bob", "realmUrl": "realm://h:1/~/none", "mayRead": true, "mayWrite": null, "mayManage": null},
        {"class": "PermissionOffer", "id": "offer", "realmUrl": "realm://h:1/~/notes", "mayRead": true, "mayWrite": false, "mayManage": false, "expiresAt": null},
        {"class": "PermissionOffer", "id": "late", "realmUrl": "realm://h:1/~/notes", "mayRead": true, "mayWrite": false, "mayManage": false, "expiresAt": 1000},
    ]));
    let invalid = "Your request parameters did not validate";
    for (class, id, code, message) in [
        (
            "PermissionChange",
            "granted",
            0,
            "read-write access to /ada/notes for user bob",
        ),
        (
            "PermissionChange",
            "for all",
            0,
            "read-only access to /ada/wall for everyone",
        ),
        ("PermissionChange", "nobody", 601, invalid),
        ("PermissionChange", "nowhere", 601, invalid),
        ("PermissionOffer", "offer", 0, ""),
        (
            "PermissionOffer",
            "late",
            701,
            "The permission offer is expired.",
        ),
    ] {
        let answered = row(&told, class, id);
        assert_eq!(answered["statusCode"], code, "{answered}");
        let said = answered["statusMessage"].as_str().unwrap_or_default();
        assert!(said.contains(message), "{answered}");
    }
    assert_eq!(row(&told, "PermissionOffer", "late")["token"], Value::Null);
    let token = &row(&told, "PermissionOffer", "offer")["token"];
    assert!(token.is_string());

    // Who is no manager is refused; who has the token is let in.
    let told = from_eve.ask(&json!([
        {"class": "PermissionChange", "id": "denied", "userId": "eve", "realmUrl": "/ada/notes", "mayRead": true, "mayWrite": true, "mayManage": true},
        {"class": "PermissionOfferResponse", "id": "guessed", "token": "ada:offer"},
        {"class": "PermissionOfferResponse", "id": "taken", "token": token},
    ]));
    assert_eq!(row(&told, "PermissionChange", "denied")["statusCode"], 614);
    let guessed = row(&told, "PermissionOfferResponse", "guessed");
    assert_eq!(
        (&guessed["statusCode"], &guessed["realmUrl"]),
        (&json!(601), &Value::Null)
    );
    let taken = row(&told, "PermissionOfferResponse", "taken");
    assert_eq!(taken["statusCode"], 0);
    assert_eq!(taken["realmUrl"], "/ada/notes");

    let line = |user: &str, rights: [bool; 3]| (user.to_owned(), "/ada/notes".to_owned(), rights);
    let (bob, eve) = (
        line("bob", [true, true, false]),
        line("eve", [true, false, false]),
    );
    from_bob.is_shown(|rows| rows == std::slice::from_ref(&bob));
    from_eve.is_shown(|rows| rows == std::slice::from_ref(&eve));
    from_ada.is_shown(|rows| rows.contains(&bob) && rows.contains(&eve));

    // Rows that were answered are not carried out again when the device comes back with them.
    let elsewhere = management(&ada).await;
    assert_eq!(
        ask(&elsewhere, change("bob", "/~/notes", "---")).await.code,
        0
    );
    let again = from_ada.ask(&json!([]));
    assert_eq!(row(&again, "PermissionChange", "granted")["statusCode"], 0);
    from_bob.is_shown(<[Shown]>::is_empty);
}
