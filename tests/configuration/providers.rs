//! Providers as an operator turns them on: by taking the `#` away in the sample, with files of one's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Place;
use crate::support::issuer::Issuer;

const SAMPLE: &str = include_str!("../../packaging/configuration.yml");

/// The files that the examples name, each of its kind.
fn files(folder: &Path) {
    Issuer::new().publish(folder); // issuer.pem
    let pair = rcgen::KeyPair::generate().unwrap();
    for (name, text) in [
        ("issuer.secret", "0123456789abcdef0123456789abcdef"),
        ("cloudkit.pem", &pair.serialize_pem()),
        ("facebook.secret", "secret"),
        ("google.secret", "secret"),
    ] {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The examples that begin with so many blanks and a `#`, below this line of the sample: each with its name, the `#` taken away.
fn examples(below: &str, blanks: usize) -> Vec<(String, String)> {
    let (_, section) = SAMPLE.split_once(below).unwrap();
    let (section, _) = section.split_once("\n\n").unwrap();
    let margin = " ".repeat(blanks);
    let mut found: Vec<(String, String)> = Vec::new();
    for line in section.lines() {
        let Some(text) = line.strip_prefix(&format!("{margin}#")) else {
            continue;
        };
        if let Some(inner) = text.strip_prefix("  ") {
            found.last_mut().unwrap().1 += &format!("{margin}  {inner}\n");
        } else if let Some((name, _)) = text.split_once(':').filter(|_| !text.starts_with(' ')) {
            found.push((name.to_owned(), format!("{margin}{text}\n")));
        }
    }
    found
}

#[test]
fn each_provider_of_the_sample_passes_the_check() {
    let place = Place::new();
    files(place.folder.path());
    let here = format!("{}/", place.folder.path().display());
    let found = examples("\n  providers:\n", 4);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let documented = [
        "jwt",
        "cloudkit",
        "google",
        "azuread",
        "facebook",
        "debug",
        "custom/example",
    ];
    assert_eq!(names, documented);
    let all: String = found.iter().map(|(_, text)| text.as_str()).collect();
    let apps = examples("\napps:\n", 2);
    let whole = (String::from("all"), all);
    for (name, text) in found.iter().chain([&whole]) {
        let text = text.replace("/etc/realm/", &here);
        let run = place.check(&format!("  providers:\n{text}"));
        assert_eq!(run.code, Some(0), "{name}: {}", run.err);
        assert_eq!(run.err, "", "{name}");
    }
    assert_eq!(apps.len(), 1);
    let on = apps[0].1.replace("/etc/realm/", &here);
    let on = on.replace(": false\n", ": true\n");
    let run = place.check(&format!("apps:\n{on}"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn files_of_providers_are_looked_at() {
    let place = Place::new();
    files(place.folder.path());
    let here = place.folder.path().display();
    let told = |rest: &str, key: &str, what: &str| {
        let run = place.check(rest);
        assert_eq!(run.code, Some(3), "{rest}: {}", run.out);
        assert!(
            run.err.contains(&format!("{key}: ")) && run.err.contains(what),
            "{rest}: {}",
            run.err
        );
    };
    let cloudkit = |file: &str| {
        let id = "0".repeat(64);
        format!(
            "  providers: {{ cloudkit: {{ key_id: '{id}', private_key_path: {here}/{file}, container: c }} }}"
        )
    };
    let key = "auth.providers.cloudkit.private_key_path";
    told(&cloudkit("nothing.pem"), key, "No such file");
    told(&cloudkit("issuer.pem"), key, "no private key");
    told(&cloudkit("root/keys/private.pem"), key, "P-256 is needed");
    let facebook = format!("{{ app_id: '1', app_secret_path: {here}/nothing }}");
    told(
        &format!(
            "  providers: {{ custom/ours: {{ implementation: facebook, app_id: '1', app_secret_path: {here}/nothing }} }}"
        ),
        "auth.providers.custom/ours.app_secret_path",
        "No such file",
    );
    told(
        &format!(
            "apps: {{ x: {{ providers: {{ oauth2-facebook: true }}, oauth2-facebook: {facebook} }} }}"
        ),
        "apps.x.oauth2-facebook.app_secret_path",
        "No such file",
    );
    told(
        &format!(
            "apps: {{ x: {{ providers: {{ oauth2-google: true }}, oauth2-google: {{ client_ids: [ a ], client_secret_path: {here}/nothing }} }} }}"
        ),
        "apps.x.oauth2-google.client_secret_path",
        "No such file",
    );
    let file = place.folder.path().join("cloudkit.pem");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let run = place.check(&cloudkit("cloudkit.pem"));
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err.contains("everybody on this host may read"),
        "{}",
        run.err
    );
}
