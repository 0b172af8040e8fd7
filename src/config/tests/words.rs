//! What is said of mistakes.

use super::*;

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
            "proxy: { http: { listen_address: '[::]' } }",
            "hint: write '::'",
        ),
        (
            "proxy: { trusted: [ 127.0.0.1, 10.0.0.0/33 ] }",
            "configuration.yml:1:32: proxy.trusted: `10.0.0.0/33` does not belong into a list of addresses",
        ),
        (
            "sync: { servers: [ { id: 0, address: '::', port: 27800 } ] }",
            "sync.servers: id: a text is expected, not `0`\n  1 | sync: { servers: [ { id: 0, address: '::', port: 27800 } ] }\n    |                          ^\n  hint: write '0'",
        ),
        (
            "sync: { servers: [ { id: '0', adress: '::', port: 27800 } ] }",
            "1:31: sync.servers: `adress` is none of id, address, port",
        ),
        (
            "apps: { a: { rules: [ { read: true } ] } }",
            "1:23: apps.a.rules: `partition` is missing: a text",
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
    let told = told("backup: { enable: true }");
    assert!(
        told[0].contains("hint: take it out; `ros backup SOURCE TARGET`"),
        "{told:?}"
    );
    // What is off, or as it is anyway, is no mistake.
    loaded("backup: { enable: false, network: { listen_port: 1 } }");
}
