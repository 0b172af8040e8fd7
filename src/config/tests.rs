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
fn the_command_line_wins_and_may_give_what_the_file_does_not() {
    let overrides = Overrides {
        root: Some("here".into()),
        private_key: Some("key.pem".into()),
        listen: Some("127.0.0.1:1".parse().unwrap()),
        ..Overrides::default()
    };
    for text in ["", MINIMAL, "storage:\n"] {
        let settings = parse(text, &overrides).unwrap().settings;
        assert_eq!(
            (settings.root, settings.private_key),
            ("here".into(), "key.pem".into())
        );
        assert_eq!(settings.proxy_http.socket().to_string(), "127.0.0.1:1");
    }
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

/// What a key says of its default is what holds without it; giving that in a file changes nothing.
#[test]
fn defaults_are_spelled_as_a_file_takes_them() {
    for key in all().filter(|key| key.effect != Effect::Missing) {
        let Some(default) = key.default() else {
            continue;
        };
        if keys::group_of(key).is_some_and(|group| group.effect == Effect::Missing) {
            continue;
        }
        let mut text = written(key.path, &default);
        let mut unsaid = loaded("").settings;
        if key.path.starts_with("apps.") {
            unsaid.app("a");
        }
        if key.path.starts_with("auth.providers.jwt.") {
            // It is of no use without a key.
            text += "      secret_path: /s\n";
            let jwt = unsaid.providers.jwt.get_or_insert_default();
            jwt.issuer.secret = Some("/s".into());
        }
        // So are these without what they need.
        let providers = &mut unsaid.providers;
        if key.path.starts_with("auth.providers.google.") {
            text += "      clientId: c\n";
            providers.google.get_or_insert_default().client_id = "c".into();
        }
        if key.path.starts_with("auth.providers.azuread.") {
            text += "      tenant_id: t\n";
            providers.azuread.get_or_insert_default().tenant_id = "t".into();
        }
        if key.path.starts_with("auth.providers.facebook.") {
            providers.facebook.get_or_insert_default();
        }
        if key.path.starts_with("auth.providers.cloudkit.") {
            let id = "0".repeat(64);
            text +=
                &format!("      key_id: '{id}'\n      private_key_path: /k\n      container: c\n");
            let cloudkit = providers.cloudkit.get_or_insert_default();
            (cloudkit.key_id, cloudkit.private_key) = (id, "/k".into());
            cloudkit.container = "c".into();
        }
        // The minimal file ends inside this section.
        let given = loaded(text.strip_prefix("\nauth:").unwrap_or(&text));
        assert_eq!(
            format!("{:?}", given.settings),
            format!("{unsaid:?}"),
            "{}",
            key.path
        );
    }
}

/// A file that says this of one key; `a` stands for a name.
fn written(path: &str, value: &str) -> String {
    let mut text = String::new();
    for (depth, part) in path.replace('*', "a").split('.').enumerate() {
        text += &format!("\n{}{part}:", "  ".repeat(depth));
    }
    format!("{text} {value}\n")
}

/// Rows that cannot be found, or would be found for each other, are mistakes.
#[test]
fn every_key_is_found_at_its_place() {
    for key in all() {
        let path = key.path.replace('*', "a");
        let place: Vec<&str> = path.split('.').collect();
        let found = keys::find(&place).map(|found| found.path);
        assert_eq!(found, Some(key.path));
        assert!(!key.text.is_empty() && key.text.ends_with('.'), "{path}");
        let shown = key
            .default()
            .or((!key.example.is_empty()).then(|| key.example.to_owned()));
        assert!(
            shown.is_some() || key.kind == Kind::Any,
            "{path}: neither a default nor an example"
        );
    }
}

#[test]
fn the_example_in_the_readme_is_a_configuration() {
    let readme = include_str!("../../README.md");
    let example = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let Loaded {
        settings, warnings, ..
    } = parse(example, &Overrides::default()).unwrap();
    assert_eq!(
        (
            warnings,
            app(&settings, "my-app").map(|app| app.registration)
        ),
        (vec![], Some(true))
    );
}

#[test]
fn a_new_configuration_takes_effect_where_it_can() {
    let text = |level, port| {
        format!(
            "storage: {{root_path: /r}}\nauth: {{private_key_path: /k}}\nlogging: {{level: {level}}}\nproxy: {{http: {{listen_port: {port}}}}}"
        )
    };
    let settings = |level, port| {
        let text: String = text(level, port);
        parse(&text, &Overrides::default()).unwrap().settings
    };
    let running = settings("info", 1);
    let same = Reload::new(&running, running.clone());
    assert!(same.changed.is_empty() && same.waiting.is_empty());
    let next = Reload::new(&running, settings("debug", 2));
    assert_eq!(next.changed, ["logging.level"]);
    assert_eq!(next.waiting, ["proxy.http.listen_port"]);
    assert_eq!(next.settings.log_level, LogLevel::Debug);
    assert_eq!(next.settings.proxy_http.port, 1);
}

/// What is said, line by line.
fn told(text: &str) -> Vec<String> {
    match parse(text, &Overrides::default()) {
        Err(ConfigError::Invalid(problems)) => {
            let problems = problems.iter().filter(|problem| problem.source.is_some());
            problems.map(|problem| format!("{problem:#}")).collect()
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_problem_shows_its_line_and_what_to_write() {
    let cases = [
        (
            "proxy:\n  http:\n    listen_address: ‘::'\n",
            "configuration.yml:3:21: proxy.http.listen_address: `‘` (U+2018) is a typographic character, no quote of YAML\n  3 |     listen_address: ‘::'\n    |                     ^\n  hint: write '::'",
        ),
        (
            "logging: { level: inof }",
            "configuration.yml:1:19: logging.level: one of all, trace, debug, detail, info, warn, error, fatal, off is expected, not `inof`\n  1 | logging: { level: inof }\n    |                   ^^^^\n  hint: did you mean info?",
        ),
        (
            "proxy:\n  http:\n\tlisten_port: 1\n",
            "hint: indent with spaces; YAML takes no tabs",
        ),
        (
            "proxy:\n  http:\n    listen_address: ::\n",
            "hint: what has colons needs quotes: '::'",
        ),
        ("storage:root_path: /x\n", "unknown key"),
        (
            "storage: { root_path: “/srv/ros” }",
            "hint: write '/srv/ros'",
        ),
        (
            "storage:\n  root_path:/srv/ros\n",
            "hint: a space belongs behind the colon: `root_path: /srv/ros`",
        ),
        ("metrics: { enable: yes }", "hint: write true"),
        (
            "metrics: { listen_port: '80' }",
            "hint: write 80, without quotes",
        ),
        (
            "logging: { level: 3 }",
            "hint: numbers were levels in beta versions; write one of the names, like info",
        ),
        (
            "proxy: { http: { listen_address: localhost } }",
            "hint: write 127.0.0.1, or '::1'",
        ),
        (
            "proxy: { http: { listen_address: '10.0.0.1:80' } }",
            "write 10.0.0.1 here, and 80 as the port",
        ),
        (
            "logging: { level: info }\nlogging: { level: info }",
            "2:1: `logging` is given twice, first in line 1",
        ),
    ];
    for (text, expected) in cases {
        let told = match parse(text, &Overrides::default()) {
            Err(ConfigError::Invalid(_)) if expected != "unknown key" => told(text),
            _ => continue,
        };
        assert!(
            told.iter().any(|problem| problem.contains(expected)),
            "{text}: {told:#?}"
        );
    }
}

#[test]
fn unknown_keys_are_told_with_what_was_meant() {
    let warned = |more: &str| {
        let warnings = loaded(more).warnings;
        let hints = warnings
            .into_iter()
            .map(|warning| (warning.key, warning.hint.unwrap_or_default()));
        hints.collect::<Vec<_>>()
    };
    for (more, key, hint) in [
        ("stroage: { x: 1 }", "stroage", "did you mean storage?"),
        (
            "proxy: { http: { listen_prot: 80 } }",
            "proxy.http.listen_prot",
            "did you mean proxy.http.listen_port?",
        ),
        (
            "apps: { a: { partition: { read: true } } }",
            "apps.a.partition",
            "did you mean apps.a.partitions?",
        ),
        (
            "network: { root_path: /x }",
            "network.root_path",
            "did you mean storage.root_path?",
        ),
        (
            "network: { providers: { x: 1 } }",
            "network.providers",
            "beta versions had it; providers are under auth.providers now",
        ),
        ("frobnicate: 1", "frobnicate", ""),
    ] {
        assert_eq!(warned(more), [(key.to_owned(), hint.to_owned())]);
    }
}

#[test]
fn what_this_build_does_not_do_is_an_error_that_names_it() {
    for (text, key) in [
        ("backup: { enable: true }", "backup.enable"),
        (
            "backup: { enable: true, network: { listen_port: 1 } }",
            "backup.network.listen_port",
        ),
    ] {
        let found = problems(&format!("{text}\nstorage: {{ root_path: /r }}"));
        assert!(
            found.contains(&format!("{key}: this build does not implement it")),
            "{text}: {found:?}"
        );
    }
    // What is off, or as it is anyway, is no mistake.
    loaded("backup: { enable: false, network: { listen_port: 1 } }");
}

#[test]
fn what_providers_need_is_said_with_what_to_write() {
    let with = |providers: &str| format!("{MINIMAL}  providers: {{ {providers} }}\n");
    let refused = |providers: &str| {
        let told = problems(&with(providers));
        assert_eq!(told.len(), 1, "{providers}: {told:#?}");
        told[0].clone()
    };
    for (providers, expected) in [
        (
            "debug: {}",
            "auth.providers.debug.allow_anybody: it is needed: whether whoever reaches",
        ),
        (
            "debug: { allow_anybody: false }",
            "auth.providers.debug.allow_anybody: whoever reaches the server could be anybody",
        ),
        ("google: {}", "auth.providers.google.clientId: it is needed"),
        (
            "jwt: {}",
            "auth.providers.jwt.public_key_paths: auth.providers.jwt needs it",
        ),
        (
            "azuread: { tenant_id: 'a/b' }",
            "auth.providers.azuread.tenant_id: `a/b` cannot be one",
        ),
        (
            "azuread: { tenant_id: x, authority: 'http://login.example.com' }",
            "auth.providers.azuread.authority: a URL of https",
        ),
        (
            "facebook: { app_id: '1' }",
            "auth.providers.facebook.app_secret_path: auth.providers.facebook.app_id needs it",
        ),
        (
            "facebook: { app_secret_path: /s }",
            "auth.providers.facebook.app_id: ",
        ),
        (
            "custom/mine: { implementation: ./mine.js, url: x }",
            "auth.providers.custom/mine.implementation: `./mine.js` is none of jwt, google, facebook, azuread, cloudkit, debug, and modules of Node.js cannot be loaded",
        ),
        (
            "custom/mine: { implementation: password }",
            "auth.providers.custom/mine.implementation: `password` is none of",
        ),
        (
            "custom/mine: { implementation: google }",
            "auth.providers.custom/mine.clientId: google needs it",
        ),
        (
            "custom/mine: { implementation: google, clientId: [ x ] }",
            "auth.providers.custom/mine.clientId: a text is expected",
        ),
        (
            "custom/mine: { implementation: debug, allow_anybody: false }",
            "auth.providers.custom/mine.allow_anybody: whoever reaches",
        ),
        (
            "custom/mine: { implementation: jwt }",
            "auth.providers.custom/mine.public_key_paths: ",
        ),
        (
            "custom/a/b: { implementation: debug, allow_anybody: true }",
            "auth.providers.custom/a/b: a name has no slash",
        ),
    ] {
        let told = refused(providers);
        assert!(told.starts_with(expected), "{providers}: {told}");
    }
    for app in ["google", "apple"] {
        let told = problems(&format!(
            "{MINIMAL}apps: {{ x: {{ providers: {{ oauth2-{app}: true }} }} }}"
        ));
        let expected =
            format!("apps.x.oauth2-{app}.client_ids: apps.x.providers.oauth2-{app} needs it");
        assert_eq!(told, [expected]);
    }
    let hint = match parse(
        &with("custom/mine: { implementation: ./mine.js }"),
        &Overrides::default(),
    ) {
        Err(ConfigError::Invalid(problems)) => problems[0].hint.clone(),
        other => panic!("{other:?}"),
    };
    assert!(hint.unwrap().contains("auth.providers.jwt"));
}

#[test]
fn what_providers_let_through_is_said() {
    let warned = |providers: &str| {
        let loaded = loaded(&format!("  providers: {{ {providers} }}\n"));
        loaded
            .warnings
            .into_iter()
            .map(|warning| warning.key)
            .collect::<Vec<_>>()
    };
    // The id in the documentation of the original.
    let odd = "azuread: { tenant_id: 81560d038272f7ffae5724220b9e9ea75d6e3f18, audiences: [ x ] }";
    assert_eq!(warned(odd), ["auth.providers.azuread.tenant_id"]);
    let any_app = "azuread: { tenant_id: 81560d03-8272-f7ff-ae57-24220b9e9ea7 }";
    assert_eq!(warned(any_app), ["auth.providers.azuread.audiences"]);
    assert_eq!(warned("facebook: {}"), ["auth.providers.facebook.app_id"]);
    assert_eq!(
        warned("facebook: { app_id: '1', app_secret_path: /s }"),
        [""; 0]
    );
    let unknown = "custom/mine: { implementation: google, clientId: x, client: y }";
    assert_eq!(warned(unknown), ["auth.providers.custom/mine.client"]);
}

#[test]
fn a_provider_under_another_name_has_what_is_said_there() {
    let text = "  providers: { google: { clientId: a }, custom/b: { implementation: google, clientId: b }, custom/d: { implementation: debug, allow_anybody: true } }\n";
    let providers = loaded(text).settings.providers;
    let client_of = |name: &str| match providers.named(name) {
        Some(Provider::Google(google)) => google.client_id,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (client_of("google"), client_of("custom/b")),
        ("a".into(), "b".into())
    );
    let debug = Debug {
        allow_anybody: Some(true),
    };
    assert_eq!(providers.named("custom/d"), Some(Provider::Debug(debug)));
    for name in ["b", "custom/a", "custom/", "debug", "", "password"] {
        assert_eq!(providers.named(name), None, "{name}");
    }
}

/// Row by row: whatever is given that has no effect is named, itself or by its section.
#[test]
fn every_key_that_this_build_does_not_do_is_refused_by_name() {
    let mut refused = 0;
    for key in all() {
        let group = keys::group_of(key).filter(|group| group.effect == Effect::Missing);
        let value = match (key.effect, group) {
            (Effect::Works | Effect::Idle, None) => continue,
            (Effect::Fixed, None) => {
                let value = key.place.get(&mut Settings::unsaid(), &["a", "a"]);
                key.spelled(&another(key.kind, &value)).unwrap()
            }
            _ if !key.example.is_empty() => key.example.to_owned(),
            _ => key.default().unwrap_or("x".to_owned()),
        };
        let named = group.map_or(key.path, |group| group.path).replace('*', "a");
        // What is switched off has no effect, and that is no mistake.
        let on = if key.path.starts_with("backup.") && key.effect == Effect::Missing {
            "\n  enable: true"
        } else {
            ""
        };
        let text = written(key.path, &value).replacen("\nbackup:", &format!("\nbackup:{on}"), 1);
        let told = problems(&text);
        let expected = format!("{named}: {}", Effect::MISSING);
        assert!(told.contains(&expected), "{text}{told:#?}");
        refused += 1;
    }
    assert!(refused > 4, "{refused}");
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

fn with_environment(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&Sources {
        file: Some(File {
            name: "f.yml",
            text,
        }),
        environment: environment.collect(),
        overrides: &Overrides {
            log_level: Some(LogLevel::Debug),
            ..Overrides::default()
        },
    })
}

#[test]
fn the_environment_wins_over_the_file_and_loses_to_the_command_line() {
    let text = format!(
        "{MINIMAL}apps: {{ my-app: {{ registration: open }} }}\nlogging: {{ level: info }}"
    );
    let Loaded {
        settings,
        origins,
        warnings,
    } = with_environment(
        &text,
        &[
            ("ROS_PROXY__HTTP__LISTEN_ADDRESS", "::1"),
            ("ROS_PROXY__HTTP__LISTEN_PORT", "81"),
            ("ROS_LOGGING__LEVEL", "warn"),
            ("ROS_APPS__MY_APP__PROVIDERS__ANON_USER", "true"),
            ("ROS_APPS__other__REGISTRATION", "open"),
            ("ROS_CONFIG", "elsewhere"),
            ("ROS_NOSUCH__KEY", "1"),
        ],
    )
    .unwrap();
    assert_eq!(settings.proxy_http.socket().to_string(), "[::1]:81");
    assert_eq!(settings.log_level, LogLevel::Debug);
    let my_app = app(&settings, "my-app").unwrap();
    assert!(my_app.anonymous && my_app.registration);
    assert!(app(&settings, "other").unwrap().registration);
    let from = |key: &str| origins[key].to_string();
    assert_eq!(from("logging.level"), "--log-level");
    assert_eq!(
        from("proxy.http.listen_port"),
        "ROS_PROXY__HTTP__LISTEN_PORT"
    );
    assert_eq!(from("storage.root_path"), "f.yml:1:23");
    let unknown: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(unknown, ["nosuch.key"]);
}

#[test]
fn what_is_wrong_in_the_environment_names_its_variable() {
    let wrong = with_environment(MINIMAL, &[("ROS_PROXY__HTTP__LISTEN_PORT", "many")]);
    let Err(ConfigError::Invalid(problems)) = wrong else {
        panic!("{wrong:?}");
    };
    assert!(
        problems[0]
            .to_string()
            .starts_with("ROS_PROXY__HTTP__LISTEN_PORT: proxy.http.listen_port: a port number"),
        "{problems:?}"
    );
}

#[test]
fn hostile_texts_are_bounded() {
    let billion: String = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    let deep = "[".repeat(10_000);
    let deep_maps = "{a: ".repeat(10_000);
    let many: String = (0..150_000).map(|n| format!("k{n}:\n")).collect();
    for text in [
        &billion,
        &deep,
        &deep_maps,
        "a: &a [*a]",
        "? [x]\n: y",
        "!evil x",
        "a: 1\n---\na: 2",
        "*x",
        "%",
        "\u{0}",
        "&",
    ] {
        assert!(
            parse(text, &Overrides::default()).is_err(),
            "{}",
            &text[..text.len().min(60)]
        );
    }
    assert!(parse(&many, &Overrides::default()).is_err());
    // Much of what is allowed, and all of it wrong: each takes the same time.
    let begin = std::time::Instant::now();
    let apps: String = (0..30_000)
        .map(|n| format!("  a{n}: {{ registration: open }}\n"))
        .collect();
    assert_eq!(
        loaded(&format!("apps:\n{apps}")).settings.apps.named.len(),
        30_000
    );
    let wrong: String = (0..30_000)
        .map(|n| format!("  a{n}: {{ registration: ajar }}\n"))
        .collect();
    assert_eq!(problems(&format!("{MINIMAL}apps:\n{wrong}")).len(), 30_000);
    let one_line = format!("{{ {} }}", "k: 1, ".repeat(10_000));
    assert!(parse(&one_line, &Overrides::default()).is_err());
    let long = format!("{}: 1\n", "k".repeat(9000)).repeat(100);
    assert!(parse(&long, &Overrides::default()).is_err());
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
    assert!(parse(&" ".repeat((1 << 20) + 1), &Overrides::default()).is_err());
}

#[test]
fn every_limit_is_a_key() {
    let limits = format!("{:#?}", crate::limits::Limits::default());
    let fields = limits.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    ")?.split_once(": ")?;
        (!name.starts_with(' ')).then(|| name.to_owned())
    });
    for field in fields.filter(|field| field != "open_realms") {
        assert!(
            keys::find(&["limits", &field]).is_some(),
            "{field} has no key"
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

/// The sample with the `#` taken away from the lines where these say so.
fn uncommented(wanted: impl Fn(usize, &str) -> bool) -> String {
    let sample = sample();
    let lines = sample.lines().enumerate().map(|(number, line)| {
        let Some((before, rest)) = line.split_once('#') else {
            return line.to_owned();
        };
        let is_value = !rest.starts_with(' ') || rest.starts_with("  ");
        if before.trim().is_empty() && is_value && wanted(number, rest) {
            format!("{before}{rest}")
        } else {
            line.to_owned()
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// What is wrong with a text beside that this build does not do it, which it must say itself.
fn mistakes(text: &str) -> Vec<String> {
    let examined = match parse(text, &Overrides::default()) {
        Ok(loaded) => {
            return loaded
                .warnings
                .iter()
                .map(|warning| format!("{warning:#}"))
                .collect();
        }
        Err(ConfigError::Invalid(problems)) => problems,
        Err(other) => panic!("{other}"),
    };
    let others = examined.iter().filter(|problem| {
        let parts: Vec<&str> = problem.key.split('.').collect();
        let works = keys::find(&parts).is_none_or(|key| key.effect == Effect::Works)
            && keys::group(&parts).is_none_or(|group| group.effect == Effect::Works);
        problem.what != Effect::MISSING || works
    });
    others.map(|problem| format!("{problem:#}")).collect()
}

#[test]
fn the_sample_is_a_configuration_whatever_is_taken_out_of_its_comments() {
    assert_eq!(mistakes(&uncommented(|_, _| false)), [""; 0]);
    assert_eq!(mistakes(&uncommented(|_, _| true)), [""; 0]);
    let sample = sample();
    let lines: Vec<&str> = sample.lines().collect();
    // Each line that may be taken out alone, with those that belong to it.
    for (first, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once('#') else {
            continue;
        };
        if rest.starts_with(' ') || rest.is_empty() || !before.trim().is_empty() {
            continue;
        }
        let belongs = |number: usize| {
            number == first
                || number > first
                    && lines[first + 1..=number]
                        .iter()
                        .all(|line| line.starts_with(&format!("{before}#  ")))
        };
        let text = uncommented(|number, _| belongs(number));
        assert_eq!(mistakes(&text), [""; 0], "{line}");
    }
    for key in all().filter(|key| !key.path.ends_with('*')) {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(sample.contains(&format!("{name}: ")), "{}", key.path);
    }
}

#[test]
fn the_schema_has_every_key() {
    let schema = schema();
    for key in all() {
        let mut at = &schema;
        for part in key.path.split('.') {
            at = match part.strip_suffix('*') {
                None => &at["properties"][part],
                Some(prefix) => &at["patternProperties"][format!("^{prefix}.")],
            };
        }
        assert!(
            at["description"]
                .as_str()
                .is_some_and(|text| text.starts_with(key.text)),
            "{}",
            key.path
        );
    }
}

/// What docs/operate.md says of a reload is what the rows say: the longest name that is given counts.
#[test]
fn the_table_of_what_a_reload_takes_is_true() {
    let text = include_str!("../../docs/operate.md");
    let row = text
        .lines()
        .find(|line| line.starts_with("| `apps`"))
        .unwrap();
    let [at_once, restart] = [1, 2].map(|cell| {
        let names = row.split(" | ").nth(cell - 1).unwrap().split('`');
        names.skip(1).step_by(2).collect::<Vec<_>>()
    });
    let longest = |names: &[&str], key: &str| {
        let fits = names.iter().filter(|name| {
            key.strip_prefix(**name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        fits.map(|name| name.len()).max().unwrap_or(0)
    };
    let is_there = |key: &&Key| {
        let group = keys::group_of(key);
        key.effect == Effect::Works && group.is_none_or(|group| group.effect == Effect::Works)
    };
    for key in all().filter(is_there) {
        let (now, later) = (longest(&at_once, key.path), longest(&restart, key.path));
        assert_ne!(now, later, "{} is on neither side, or on both", key.path);
        assert_eq!(now > later, key.reload, "{}", key.path);
    }
}

#[test]
fn the_examples_in_the_documentation_are_configurations() {
    let text = include_str!("../../docs/configure.md");
    let blocks = text.split("```yaml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for text in [blocks[0].to_owned(), blocks.concat()] {
        assert_eq!(mistakes(&text), [""; 0]);
    }
}

/// A value of this kind that is not the one that is there.
fn another(kind: Kind, value: &serde_yaml::Value) -> serde_yaml::Value {
    use serde_yaml::Value;
    let text = match kind {
        Kind::Flag | Kind::Switch(..) => return (!value.as_bool().unwrap_or(false)).into(),
        Kind::Port | Kind::Seconds | Kind::Count | Kind::Bytes => {
            return (value.as_u64().unwrap() + 1).into();
        }
        Kind::Words(words) => words
            .iter()
            .find(|word| value.as_str() != Some(**word))
            .unwrap(),
        Kind::Address => "10.1.2.3",
        Kind::Url | Kind::Endpoint => "https://a.example",
        Kind::Text | Kind::File | Kind::Folder | Kind::Hex(_) | Kind::Any => "other",
        Kind::Hosts | Kind::Files | Kind::Texts => {
            return Value::Sequence(vec!["a:1".into()]);
        }
        Kind::Networks => return Value::Sequence(vec!["10.0.0.0/8".into()]),
        Kind::Realms => return Value::Sequence(vec!["/a/b".into()]),
        Kind::Rules => {
            let rule = "[ { partition: p, read: true, write: false, manage: false } ]";
            return serde_yaml::from_str(rule).unwrap();
        }
        Kind::Claims => {
            let claims = "[ { claim: email, name: mail, required: true } ]";
            return serde_yaml::from_str(claims).unwrap();
        }
        Kind::Servers => {
            return serde_yaml::from_str("[ { id: '1', address: '::', port: 5 } ]").unwrap();
        }
    };
    text.into()
}

/// Rows that lead to the same field would overwrite each other.
#[test]
fn every_key_has_a_field_of_its_own() {
    const NAMES: [&str; 2] = ["a", "b"];
    // What belongs to a section is there.
    let mut there = Settings::unsaid();
    for group in groups() {
        (group.enter)(&mut there, "a").unwrap();
    }
    let values = |settings: &Settings| -> Vec<serde_yaml::Value> {
        let mut settings = settings.clone();
        all()
            .map(|key| key.place.get(&mut settings, &NAMES))
            .collect()
    };
    let before = values(&there);
    for (number, key) in all().enumerate() {
        let mut settings = there.clone();
        let value = another(key.kind, &before[number]);
        key.place.put(&mut settings, &NAMES, value.clone()).unwrap();
        let mut expected = before.clone();
        expected[number] = value;
        assert!(values(&settings) == expected, "{}", key.path);
    }
}
