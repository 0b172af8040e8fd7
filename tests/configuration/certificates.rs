//! What is said of the certificate that HTTPS would show.

use std::fs;

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use super::Place;
use crate::support::lab::Lab;

/// HTTPS with this pair, and what else is said.
fn https(lab: &Lab, more: &str, rest: &str) -> String {
    let files = lab.files();
    format!(
        "proxy: {{ http: {{ enable: false }}, https: {{ enable: true, listen_address: 127.0.0.1, certificate_path: {}, private_key_path: {}{more} }} }}\nnetwork: {{ http: {{ enable: false }}, sync: {{ enable: false }} }}\n{rest}",
        files.certificate.display(),
        files.private_key.display()
    )
}

/// Key and text of each.
fn told(list: &Value) -> Vec<(String, String)> {
    let text = |problem: &Value, field: &str| problem[field].as_str().unwrap().to_owned();
    let list = list.as_array().unwrap().iter();
    list.map(|problem| (text(problem, "key"), text(problem, "message")))
        .collect()
}

/// Problems and warnings about HTTPS.
fn found(configuration: &str) -> [Vec<(String, String)>; 2] {
    let document = Place::new().document(configuration);
    let lists = match &document["error"] {
        Value::Null => [told(&Value::Array(Vec::new())), told(&document["warnings"])],
        error => [
            told(&error["details"]["problems"]),
            told(&error["details"]["warnings"]),
        ],
    };
    // Nobody keeps the port of HTTPS free for this test.
    lists.map(|list| {
        let here = |(key, _): &(String, String)| {
            key.starts_with("proxy.https.") && !key.ends_with("_port")
        };
        list.into_iter().filter(here).collect()
    })
}

/// Writes a certificate for this host that ends or begins at other times, beside that of its issuer.
fn dated(lab: &Lab, years: [i32; 2]) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years[0], 1, 1);
    params.not_after = rcgen::date_time_ymd(years[1], 1, 1);
    let own = params.self_signed(&key).unwrap().pem();
    fs::write(lab.file("server.pem"), own).unwrap();
    fs::write(lab.file("server.key"), key.serialize_pem()).unwrap();
}

const CERTIFICATE: &str = "proxy.https.certificate_path";
const KEY: &str = "proxy.https.private_key_path";

fn one(found: &[(String, String)], key: &str, text: &str) {
    let [(of, said)] = found else {
        panic!("{text}: {found:?}");
    };
    assert!(of == key && said.contains(text), "{text}: {found:?}");
}

#[test]
fn a_pair_in_order_is_passed_over_in_silence() {
    let lab = Lab::for_this_host();
    // Others may not read the key.
    std::process::Command::new("chmod")
        .arg("600")
        .arg(lab.files().private_key)
        .status()
        .unwrap();
    assert_eq!(found(&https(&lab, "", "")), [vec![], vec![]]);
    let named = "location: { url: https://localhost:9443 }";
    assert_eq!(found(&https(&lab, "", named)), [vec![], vec![]]);
}

#[test]
fn what_is_wrong_with_a_pair_is_told_by_its_key() {
    let (lab, other) = (Lab::for_this_host(), Lab::for_this_host());
    std::process::Command::new("chmod")
        .arg("600")
        .arg(lab.files().private_key)
        .status()
        .unwrap();
    // For another host.
    let elsewhere = "location: { url: https://sync.example.com }";
    let [problems, warnings] = found(&https(&lab, "", elsewhere));
    assert_eq!(problems, []);
    one(
        &warnings,
        CERTIFICATE,
        "it does not hold for sync.example.com",
    );
    // Alone, without its issuer.
    let whole = fs::read_to_string(lab.files().certificate).unwrap();
    const END: &str = "-----END CERTIFICATE-----\n";
    let (own, issuer) = whole.split_once(END).unwrap();
    fs::write(lab.files().certificate, format!("{own}{END}")).unwrap();
    one(&found(&https(&lab, "", ""))[1], CERTIFICATE, "stands alone");
    // Beside somebody who has not issued it: itself.
    fs::write(
        lab.files().certificate,
        format!("{own}{END}{own}{END}{issuer}"),
    )
    .unwrap();
    one(
        &found(&https(&lab, "", ""))[1],
        CERTIFICATE,
        "which has not issued it",
    );
    // With the key of another.
    fs::write(lab.files().certificate, &whole).unwrap();
    fs::copy(other.files().private_key, lab.files().private_key).unwrap();
    one(&found(&https(&lab, "", ""))[0], KEY, "does not belong");
    // A key where the certificate should be.
    let key = fs::read(lab.files().private_key).unwrap();
    fs::write(lab.files().certificate, key).unwrap();
    let same = fs::read_to_string(lab.files().certificate).unwrap();
    one(
        &found(&https(&lab, "", ""))[0],
        CERTIFICATE,
        "no certificate",
    );
    fs::write(lab.files().certificate, format!("{whole}{same}")).unwrap();
    // Not there.
    fs::remove_file(lab.files().private_key).unwrap();
    one(&found(&https(&lab, "", ""))[0], KEY, "No such file");
    fs::write(lab.files().certificate, "hello").unwrap();
    one(
        &found(&https(&lab, "", ""))[0],
        CERTIFICATE,
        "no certificate",
    );
}

#[test]
fn a_certificate_that_signed_itself_needs_a_word_and_one_that_ended_a_new_one() {
    let lab = Lab::new();
    lab.issue(&["localhost"], true);
    one(
        &found(&https(&lab, "", ""))[0],
        CERTIFICATE,
        "signed itself",
    );
    let allowed = https(&lab, ", allow_self_signed: true", "");
    assert_eq!(found(&allowed)[0], []);
    dated(&lab, [2001, 2002]);
    one(&found(&allowed)[0], CERTIFICATE, "has ended on 2002-01-01");
    dated(&lab, [2090, 2091]);
    one(&found(&allowed)[0], CERTIFICATE, "does not hold yet");
}
