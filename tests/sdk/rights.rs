//! Rights that change under an open session of a real SDK.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::device::{Device, settle};
use super::edits::create;
use super::which::Sdk;
use crate::access::{admin, ask, change, made, management};
use crate::support::issuer::{Issuer, jwks};
use crate::support::patience::{PATIENCE, stretched};
use crate::support::provider::{Reply, Service};
use crate::support::server::Server;
use crate::support::wire::ask as http_ask;

/// An app in which nothing is open, and a partition of it.
const CLOSED: &str = "apps: {app: {providers: {anon-user: true}}}\n";

/// What an administrator does, one request at a time.
struct Office {
    runtime: tokio::runtime::Runtime,
    management: ros::client::permissions::Management,
}

impl Office {
    fn open(server: &Server) -> Office {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let management = runtime.block_on(async {
            let admin = admin(server).await;
            made(&admin, "app/p").await;
            management(&admin).await
        });
        Office {
            runtime,
            management,
        }
    }

    fn set(&self, user: &str, flags: &str) {
        let told = self
            .runtime
            .block_on(ask(&self.management, change(user, "app/p", flags)));
        assert_eq!(told.code, 0, "{told:?}");
    }
}

/// The first error of a device, and how long it took to come.
fn error(device: &mut Device) -> (Value, Duration) {
    let began = Instant::now();
    loop {
        let events = device.events();
        if let Some(event) = events.into_iter().find(|event| event["event"] == "error") {
            return (event, began.elapsed());
        }
        assert!(began.elapsed() < PATIENCE, "no error came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Within a second; a little is for whoever asks.
const AT_ONCE: Duration = Duration::from_millis(1500);

pub fn a_lost_right_is_heard_of_at_once_and_a_granted_one_counts_again(sdk: Sdk) {
    let server = Server::with_configuration(CLOSED);
    let Some(mut device) = sdk.device() else {
        return;
    };
    let office = Office::open(&server);
    let signed_in = device.sign_in_as(&server.url(), json!({})).unwrap();
    let user = signed_in["user"].as_str().unwrap();
    office.set(user, "rwm");
    device.open("p");
    device.write(json!([create("first", json!({}))]));
    device.upload();

    // Reading lost: the session ends, the app goes on and keeps what it has.
    office.set(user, "---");
    let (event, took) = error(&mut device);
    assert!(took < stretched(AT_ONCE), "{event} after {took:?}");
    assert_eq!(device.read().as_array().unwrap().len(), 1);
    device.write(json!([create("offline", json!({}))]));

    // Granted again: the Realm is opened again by the same process, and nobody signs in.
    office.set(user, "rw-");
    device.close();
    device.open("p");
    device.upload();
    device.download();

    // Writing lost: downloads go on, what is written is refused.
    office.set(user, "r--");
    device.download();
    device.write(json!([create("refused", json!({}))]));
    let (event, _) = error(&mut device);
    assert_ne!(event["reset"], true, "{event}");
    office.set(user, "rw-");
    device.close();
    device.open("p");
    device.upload();
    assert_eq!(device.read().as_array().unwrap().len(), 3);
}

/// `Credentials.jwt`, and a claim that opens a partition.
pub fn tokens_of_another_issuer_sign_in_and_say_what_is_allowed(sdk: Sdk) {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let keys = issuer.publish(folder.path());
    let server = Server::with_configuration(&format!(
        "apps: {{ app: {{ providers: {{ custom-token: true }}, rules: [ {{ partition: 'team=%%user.custom_data.team', read: true, write: true }} ],
           custom-token: {{ public_key_paths: [ {} ], metadata: [ {{ claim: team }} ] }} }} }}",
        keys.display()
    ));
    let token =
        |sub: &str, team: &str| issuer.token(&json!({ "sub": sub, "aud": "app", "team": team }));
    let (Some(mut ada), Some(mut grace)) = (sdk.device(), sdk.device()) else {
        return;
    };
    let url = server.url();
    let signed_in = |device: &mut Device, jwt: String| {
        let user = device.sign_in_as(&url, json!({ "jwt": jwt }))?;
        Ok::<_, Value>(user["user"].clone())
    };
    let user = signed_in(&mut ada, token("ada", "blue")).unwrap();
    signed_in(&mut grace, token("grace", "blue")).unwrap();
    for device in [&mut ada, &mut grace] {
        device.open("team=blue");
    }
    ada.write(json!([create("plan", json!({"string": "of ada"}))]));
    grace.write(json!([create("note", json!({"string": "of grace"}))]));
    let state = settle(&mut [&mut ada, &mut grace]);
    assert_eq!(state.as_array().unwrap().len(), 2);
    // The same user on another device; others come in with nothing.
    let mut again = sdk.device().unwrap();
    assert_eq!(signed_in(&mut again, token("ada", "blue")), Ok(user));
    let mut stranger = sdk.device().unwrap();
    assert!(
        signed_in(
            &mut stranger,
            Issuer::new().token(&json!({ "sub": "ada", "aud": "app" }))
        )
        .is_err()
    );
}

/// `Credentials.google` with an ID token, as Realm JS has it.
#[test]
fn users_of_google_sign_in_and_write() {
    let google = Issuer::new();
    let keys = jwks(&[google.jwk("k1")]);
    let service = Service::start(move |_| Reply::Json(keys.clone()));
    let server = Server::with_configuration(&format!(
        "apps: {{ app: {{ providers: {{ oauth2-google: true }}, partitions: {{ read: true, write: true }},
           oauth2-google: {{ client_ids: [ our-app ], keys_url: '{}' }} }} }}",
        service.url("/keys")
    ));
    let Some(mut ada) = Sdk::Js.device() else {
        return;
    };
    let token = |audience: &str| {
        let said =
            json!({ "iss": "https://accounts.google.com", "aud": audience, "sub": "110248" });
        google.token_by("k1", &said)
    };
    let signed_in = ada.sign_in_as(&server.url(), json!({ "google": token("our-app") }));
    assert!(signed_in.unwrap()["user"].is_string());
    ada.open("p");
    ada.write(json!([create("note", json!({"string": "of ada"}))]));
    ada.upload();
    let mut eve = Sdk::Js.device().unwrap();
    let refused = eve.sign_in_as(&server.url(), json!({ "google": token("their-app") }));
    assert!(refused.is_err());
}

/// A user who is kept out is signed out by its SDK; what it writes meanwhile goes up when it may come in again.
pub fn who_is_suspended_goes_on_offline_and_comes_back(sdk: Sdk) {
    let server = Server::start();
    let Some(mut device) = sdk.device() else {
        return;
    };
    let name = json!({"email": "ada@example.com", "password": "a long password"});
    let mut new = name.clone();
    new["register"] = json!(true);
    let signed_in = device.sign_in_as(&server.url(), new).unwrap();
    let path = format!(
        "/api/ros/v1/users/{}?app=app",
        signed_in["user"].as_str().unwrap()
    );
    let suspend = |suspended: bool| {
        let (address, token) = (server.address(), server.admin_token());
        let body = json!({ "suspended": suspended });
        let (status, answer) = http_ask(address, "PATCH", &path, &token, &body);
        assert_eq!(status, 200, "{answer}");
    };
    device.open("p");
    device.write(json!([create("before", json!({}))]));
    device.upload();

    suspend(true);
    device.write(json!([create("offline", json!({}))]));
    assert_eq!(device.read().as_array().unwrap().len(), 2);
    let upload = json!({"op": "upload", "timeout": 1500});
    assert!(device.attempt(&upload).is_err());
    assert!(device.sign_in_as(&server.url(), name.clone()).is_err());

    // An SDK keeps one app for each process; with another one it would have the file twice.
    suspend(false);
    device.relaunch();
    device.sign_in_as(&server.url(), name).unwrap();
    device.open("p");
    device.upload();
    let [mut other] = sdk.devices(&server, "p").unwrap();
    other.download();
    assert_eq!(other.read().as_array().unwrap().len(), 2);
}
