//! Providers: what they need, and what of them is weaker than it looks.

use super::*;

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
