use super::*;

const MINIMAL: &str = "storage: { root_path: /srv/ros }\nauth: { private_key_path: /etc/realm/token-signature.key }\n";

fn loaded(more: &str) -> Loaded {
    parse(&format!("{MINIMAL}{more}"), &Overrides::default())
        .unwrap_or_else(|error| panic!("{more}: {error}: {error:?}"))
}

fn problems(text: &str) -> Vec<String> {
    match parse(text, &Overrides::default()) {
        Err(ConfigError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{text}: {other:?}"),
    }
}

fn app(settings: &Settings, id: &str) -> Option<App> {
    settings.apps.get(&AppId::parse(id).unwrap()).copied()
}

#[test]
fn a_minimal_file_opens_nothing() {
    let Loaded { settings, warnings } = loaded("");
    assert_eq!(settings.root, Path::new("/srv/ros"));
    assert_eq!(settings.listen.to_string(), "[::]:9080");
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
    providers: { anon-user: true, local-userpass: true }
    registration: open
    partitions: { read: true, write: true, manage: true }
    unknown_files: reset
    ttls: { access_token: 60, refresh_token: 3600 }
";
    let Loaded { settings, warnings } = loaded(more);
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
        (app(&settings, "whatever"), settings.listen.to_string()),
        (Some(App::open()), "127.0.0.1:9080".to_owned())
    );
}

#[test]
fn each_key_sets_what_it_is_for() {
    let settings = loaded("proxy: { http: { listen_address: 10.0.0.1, listen_port: 80 } }\nlogging: { level: detail }\nclassic: { unknown_files: reset }\nlocation: { url: https://a.example:8443/ }").settings;
    assert_eq!(settings.listen.to_string(), "10.0.0.1:80");
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
        assert_eq!(settings.listen.to_string(), "127.0.0.1:1");
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
         apps: { '../x': { registration: maybe }, a: { registration: maybe, providers: [], ttls: { access_token: 0 } } }",
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
    assert!(matches!(
        parse("a: [", &Overrides::default()),
        Err(ConfigError::NotYaml(_))
    ));
    assert_eq!(
        problems(""),
        [
            "storage.root_path: the data folder is needed",
            "auth.private_key_path: the private key is needed"
        ]
    );
}

/// The list of keys says of each what holds without it; giving that in a file changes nothing.
#[test]
fn documented_defaults_are_the_real_ones() {
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let mut text = String::new();
        for (depth, part) in key.path.replace('*', "a").split('.').enumerate() {
            text += &format!("\n{}{part}:", "  ".repeat(depth));
        }
        let given = loaded(&format!("{text} {}", yaml(key.default)));
        let mut unsaid = loaded("").settings;
        if key.path.starts_with("apps.") {
            unsaid
                .apps
                .named
                .insert(AppId::parse("a").unwrap(), App::default());
        }
        assert_eq!(
            format!("{:?}", given.settings),
            format!("{unsaid:?}"),
            "{}",
            key.path
        );
    }
}

/// A default as a value in a file; `::` must be quoted there.
fn yaml(default: &str) -> String {
    if default.contains(':') {
        format!("'{default}'")
    } else {
        default.to_owned()
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
    let Loaded { settings, warnings } = parse(example, &Overrides::default()).unwrap();
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
    assert_eq!(next.waiting, ["proxy.http"]);
    assert_eq!(next.settings.log_level, LogLevel::Debug);
    assert_eq!(next.settings.listen.port(), 1);
}
