//! Real SDKs and the ways to a server: TLS of its own, programs in front of it, services by themselves.

use serde_json::json;

use super::device::{Device, settle};
use super::edits::create;
use super::which::Sdk;
use crate::support::front::Front;
use crate::support::lab::Lab;
use crate::support::server::{Local, Server, free_ports};

/// Two devices that trust the lab meet in one Realm; `None` without the SDK.
fn meet(sdk: Sdk, lab: &Lab, url: &str) -> Option<()> {
    let devices: Option<Vec<Device>> = (0..2).map(|_| sdk.device_trusting(&lab.ca())).collect();
    let mut devices = devices?;
    for (number, device) in devices.iter_mut().enumerate() {
        device.sign_in(url);
        device.open("together");
        let text = "much ".repeat(50_000);
        device.write(json!([create(
            &number.to_string(),
            json!({"string": text})
        )]));
    }
    let state = settle(&mut devices);
    assert_eq!(state.as_array().unwrap().len(), 2);
    Some(())
}

pub fn https_and_wss_with_an_authority_of_a_lab(sdk: Sdk) {
    let lab = Lab::for_this_host();
    let [port] = free_ports();
    let app = "apps: {app: {providers: {anon-user: true}, partitions: {read: true, write: true, manage: true}}}";
    let _server = Server::with_configuration(&format!("{app}\nproxy: {{{}}}", lab.https(port)));
    meet(sdk, &lab, &format!("https://localhost:{port}"));
}

pub fn a_server_that_is_not_trusted_is_not_spoken_to(sdk: Sdk) {
    let lab = Lab::for_this_host();
    let server = Local::secure(lab.files());
    let Some(mut device) = sdk.device() else {
        return;
    };
    device
        .sign_in_as(&server.secure_url(), json!({}))
        .unwrap_err();
}

pub fn through_nginx(sdk: Sdk) {
    let lab = Lab::for_this_host();
    let server = Local::start(|_| {});
    let Some(nginx) = Front::nginx(&lab, server.address()) else {
        return;
    };
    let Some(()) = meet(sdk, &lab, &nginx.url()) else {
        return;
    };
    let logged = std::fs::read_to_string(lab.file("realm.log")).unwrap();
    assert!(logged.contains("/location"), "{logged}");
    assert!(!logged.contains("baas_at"), "{logged}");
}

pub fn through_caddy(sdk: Sdk) {
    let lab = Lab::for_this_host();
    let server = Local::start(|_| {});
    if let Some(caddy) = Front::caddy(&lab, server.address()) {
        meet(sdk, &lab, &caddy.url());
    }
}

pub fn to_the_services_by_themselves(sdk: Sdk) {
    let lab = Lab::for_this_host();
    let server = Local::without_proxy();
    meet(sdk, &lab, &server.url());
}
