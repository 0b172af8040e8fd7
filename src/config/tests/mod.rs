//! Texts to settings, or to all their problems.

mod documents;
mod hostile;
mod rows;
mod sign_in;
mod sources;
mod words;

use std::path::Path;

use super::*;
use crate::ident::AppId;

const MINIMAL: &str =
    "storage: { root_path: /srv/ros }\nauth:\n  private_key_path: /etc/realm/token-signature.key\n";

fn loaded(more: &str) -> Loaded {
    parse(&format!("{MINIMAL}{more}"), &Overrides::default())
        .unwrap_or_else(|error| panic!("{more}: {error}: {error:?}"))
}

fn problems(text: &str) -> Vec<String> {
    match parse(text, &Overrides::default()) {
        Err(ConfigError::Invalid(problems)) => problems
            .iter()
            .map(|problem| format!("{}: {}", problem.key, problem.what))
            .collect(),
        other => panic!("{text}: {other:?}"),
    }
}

fn app(settings: &Settings, id: &str) -> Option<App> {
    settings.apps.get(&AppId::parse(id).unwrap()).cloned()
}

#[test]
fn a_minimal_file_opens_nothing() {
    let Loaded {
        settings, warnings, ..
    } = loaded("");
    assert_eq!(settings.root, Path::new("/srv/ros"));
    assert_eq!(settings.proxy_http.socket().to_string(), "[::]:9080");
    assert_eq!(
        (app(&settings, "x"), settings.reset_unknown_files),
        (None, false)
    );
    assert_eq!(warnings, []);
}

#[test]
fn an_app_allows_what_it_says_and_no_more() {
    let more = "
apps:
  none:
  anonymous: { providers: { anon-user: true }, partitions: { read: true } }
  full:
    providers: { anon-user: true, local-userpass: true, api-key: true }
    registration: open
    partitions: { read: true, write: true, manage: true }
    unknown_files: reset
    ttls: { access_token: 60, refresh_token: 3600 }
";
    let Loaded {
        settings, warnings, ..
    } = loaded(more);
    assert_eq!(app(&settings, "none"), Some(App::default()));
    assert_eq!(
        app(&settings, "anonymous"),
        Some(App {
            anonymous: true,
            read: true,
            ..App::default()
        })
    );
    assert_eq!(
        app(&settings, "full"),
        Some(App {
            lifetimes: Lifetimes {
                access: 60,
                refresh: 3600
            },
            ..App::open()
        })
    );
    assert_eq!((app(&settings, "other"), warnings), (None, vec![]));
}

#[test]
fn dev_takes_any_app_on_loopback() {
    let settings = Settings::dev(Path::new("ros-data"));
    assert_eq!(
        (
            app(&settings, "whatever"),
            settings.proxy_http.socket().to_string()
        ),
        (Some(App::open()), "127.0.0.1:9080".to_owned())
    );
    assert_eq!(app(&settings, "classic"), None, "virtual paths are no app");
}

#[test]
fn each_key_sets_what_it_is_for() {
    let settings = loaded("proxy: { http: { listen_address: 10.0.0.1, listen_port: 80 } }\nlogging: { level: detail }\nclassic: { unknown_files: reset }\nlocation: { url: https://a.example:8443/ }").settings;
    assert_eq!(settings.proxy_http.socket().to_string(), "10.0.0.1:80");
    assert_eq!(settings.log_level, LogLevel::Detail);
    assert!(settings.reset_unknown_files);
    assert_eq!(
        settings.public_url,
        Some(PublicUrl {
            secure: true,
            authority: "a.example:8443".to_owned()
        })
    );
}

#[test]
fn unknown_keys_are_told_and_have_no_effect() {
    let warnings =
        loaded("extra: 1\nstroage: { root_path: /x }\napps: { a: { partitions: { raed: true } } }")
            .warnings;
    let keys: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(keys, ["extra", "stroage", "apps.a.partitions.raed"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let found = problems(
        "auth: { private_key_path: 7 }\nproxy: { http: { listen_address: here, listen_port: 70000 } }\nlogging: { level: 3 }\nclassic: { unknown_files: keep }\nlocation: { url: ftp://x }\n\
         apps: { '../x': { registration: maybe }, classic: {}, a: { registration: maybe, providers: [], ttls: { access_token: 0 } } }",
    );
    let keys: Vec<&str> = found
        .iter()
        .filter_map(|problem| problem.split(": ").next())
        .collect();
    let expected = [
        "auth.private_key_path",
        "proxy.http.listen_address",
        "proxy.http.listen_port",
        "logging.level",
        "classic.unknown_files",
        "location.url",
        "apps.../x",
        "apps.classic",
        "apps.a.registration",
        "apps.a.providers",
        "apps.a.ttls.access_token",
        "storage.root_path",
    ];
    assert_eq!(keys, expected, "{found:#?}");
}

#[test]
fn what_is_no_set_of_keys_is_no_configuration() {
    assert!(problems("hello")[0].contains("a section of keys is expected here"));
    assert!(problems("a: [")[0].starts_with(": no YAML: "));
    assert_eq!(
        problems(""),
        [
            "storage.root_path: it is needed: the data folder",
            "auth.private_key_path: it is needed: the RSA private key that signs tokens, PEM"
        ]
    );
}

#[test]
fn what_belongs_together_is_checked_together() {
    for (text, expected) in [
        (
            "metrics: { enable: true, listen_address: '::', listen_port: 9080 }",
            "metrics.listen_port: port 9080 of :: overlaps port 9080 of :: of proxy.http",
        ),
        (
            "metrics: { enable: true, listen_port: 9080 }",
            "metrics.listen_port: port 9080 of 127.0.0.1 overlaps port 9080 of :: of proxy.http",
        ),
        (
            "proxy: { https: { enable: true, private_key_path: /k } }",
            "proxy.https.certificate_path: HTTPS needs it",
        ),
        (
            "apps: { x: { providers: { custom-token: true } } }",
            "apps.x.custom-token.public_key_paths: apps.x.providers.custom-token needs it",
        ),
        (
            "auth: { providers: { jwt: {} } }",
            "auth.providers.jwt.public_key_paths: auth.providers.jwt needs it",
        ),
        (
            "auth: { providers: { google: {} } }",
            "auth.providers.google.clientId: it is needed: the app's client id at Google",
        ),
        (
            "sync: { servers: [ { id: a, address: '::', port: 1 }, { id: a, address: '::', port: 2 } ] }",
            "sync.servers: ",
        ),
        (
            "auth: { password_min_length: 65 }",
            "auth.password_min_length: 65 is more than 64",
        ),
    ] {
        let found = problems(text);
        assert!(
            found.iter().any(|problem| problem.starts_with(expected)),
            "{text}: {found:#?}"
        );
    }
}

#[test]
fn rules_of_apps_and_frozen_realms_are_checked() {
    let text = "apps: { x: { rules: [ { partition: 'user=%%user.id', read: true }, { partition: 'a*', write: true, manage: true } ] } }\naccess: { frozen: [ /a/b, x/c ], rows: add, schema: manage }\n";
    let settings = loaded(text).settings;
    let rules = app(&settings, "x").unwrap().rules;
    let rights: Vec<_> = rules.iter().map(|rule| rule.rule.rights).collect();
    assert_eq!((rights[0].read, rights[0].write), (true, false));
    assert_eq!((rights[1].write, rights[1].manage), (true, true));
    assert_eq!(settings.frozen, ["/a/b", "x/c"]);
    assert!(settings.rows_add && settings.schema_by_managers);
    for wrong in [
        "apps: { x: { rules: [ { read: true } ] } }",
        "apps: { x: { rules: [ { partition: p, reads: true } ] } }",
        "apps: { x: { rules: [ { partition: '%%partition', read: true } ] } }",
        "apps: { x: { rules: { partition: p } } }",
        "access: { frozen: [ wall ] }",
        "access: { rows: both }",
    ] {
        assert_eq!(problems(&format!("{MINIMAL}{wrong}\n")).len(), 1, "{wrong}");
    }
}
