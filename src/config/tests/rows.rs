//! Row by row: what the table of keys says holds.

use super::*;

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
