//! File, environment and command line, and from one configuration to the next.

use super::*;

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
