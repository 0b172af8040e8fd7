//! What must be known of whom users are known to.

use super::{Found, Settings, keys};
use crate::config::problem::Problem;
use crate::config::{Custom, Facebook, IdTokens, Provider, Providers, tree};

impl Found<'_> {
    pub(super) fn providers(&mut self, settings: &Settings) {
        let providers = &settings.providers;
        for name in Providers::NAMES {
            if let Some(provider) = providers.named(name) {
                self.provider(&format!("auth.providers.{name}"), &provider);
            }
        }
        for (name, custom) in &providers.custom {
            self.custom(name, custom);
        }
    }

    fn provider(&mut self, section: &str, provider: &Provider) {
        match provider {
            Provider::Jwt(jwt) if !jwt.issuer.has_keys() => self.without_keys(section, section),
            Provider::Facebook(facebook) => self.facebook(section, section, facebook),
            Provider::AzureAd(azuread) => {
                let key = format!("{section}.tenant_id");
                let tenant = azuread.tenant_id.as_str();
                if !is_segment(tenant) {
                    let what = format!("`{}` cannot be one", tenant.escape_debug());
                    let hint = "Azure shows it as the directory (tenant) id".to_owned();
                    self.said(&key, what, Some(hint));
                } else if !tenant.is_empty() && !is_uuid(tenant) {
                    let what = format!("`{tenant}` is no UUID, as ids of directories are");
                    self.warn(&key, what, "Azure shows it as the directory (tenant) id");
                }
                if azuread.audiences.is_empty() {
                    let what = "without it, tokens for any app of the directory are taken";
                    let hint = "name the app's client id";
                    self.warn(&format!("{section}.audiences"), what.to_owned(), hint);
                }
            }
            Provider::CloudKit(cloudkit) if !is_segment(&cloudkit.container) => {
                let key = format!("{section}.container");
                let what = format!("`{}` cannot be one", cloudkit.container.escape_debug());
                let hint = "write it as Apple shows it: iCloud.com.example.app".to_owned();
                self.said(&key, what, Some(hint));
            }
            Provider::Debug(debug) if debug.allow_anybody != Some(true) => {
                let key = format!("{section}.allow_anybody");
                let what = "whoever reaches the server could be anybody, an administrator too: for that it must be true";
                let hint =
                    format!("take {section} out, or write true where only tests reach the server");
                let source = self.origins.get(section).cloned();
                self.say(key, what.to_owned(), Some(hint), source);
            }
            Provider::Jwt(_) | Provider::Google(_) | Provider::CloudKit(_) | Provider::Debug(_) => {
            }
        }
    }

    /// Another form of a provider: its options are checked as the keys that they stand for.
    fn custom(&mut self, name: &str, custom: &Custom) {
        let section = format!("auth.providers.custom/{name}");
        let implementation = custom.implementation.as_str();
        if implementation.is_empty() {
            return; // It is needed, which has been said.
        }
        if !Providers::NAMES.contains(&implementation) {
            let named = Providers::NAMES.join(", ");
            let what = format!(
                "`{}` is none of {named}, and modules of Node.js cannot be loaded",
                implementation.escape_debug()
            );
            let hint = "have its service make tokens (JWT), and take them with auth.providers.jwt";
            let key = format!("{section}.implementation");
            return self.said(&key, what, Some(hint.to_owned()));
        }
        for (option, value) in &custom.options {
            let place = format!("{section}.{option}");
            let Some(key) = custom.key(option) else {
                let what = format!("{implementation} takes no `{option}`; it has no effect");
                self.warn(&place, what, "docs/configuration-keys.md has its keys");
                continue;
            };
            let text = serde_yaml::to_string(value).unwrap_or_default();
            let Ok((node, _)) = tree::parse(&text) else {
                continue;
            };
            if let Err(wrong) = key.kind.value(&node) {
                self.said(&place, wrong.what, wrong.hint);
            }
        }
        let whole = format!("auth.providers.{implementation}.");
        for key in keys::all().filter(|key| key.needed) {
            let Some(option) = key.path.strip_prefix(&whole) else {
                continue;
            };
            if !custom.options.contains_key(option) {
                let what = format!("{implementation} needs it");
                let hint = format!("write {option}: {}", key.example);
                let source = self.origins.get(&section).cloned();
                self.say(format!("{section}.{option}"), what, Some(hint), source);
            }
        }
        if let Some(provider) = custom.provider() {
            self.provider(&section, &provider);
        }
    }

    pub(super) fn apps(&mut self, settings: &Settings) {
        for (id, app) in &settings.apps.named {
            let on = |name: &str| format!("apps.{id}.providers.{name}");
            if app.custom_token && !app.issuer.has_keys() {
                self.without_keys(&format!("apps.{id}.custom-token"), &on("custom-token"));
            }
            for (name, is_on, tokens) in [
                ("oauth2-google", app.google, &app.google_tokens),
                ("oauth2-apple", app.apple, &app.apple_tokens),
            ] {
                if is_on {
                    self.client_ids(&format!("apps.{id}.{name}"), &on(name), tokens);
                }
            }
            if app.facebook {
                let name = "oauth2-facebook";
                self.facebook(&format!("apps.{id}.{name}"), &on(name), &app.facebook_app);
            }
        }
    }

    /// Whose tokens are believed must be known by a key.
    fn without_keys(&mut self, section: &str, on: &str) {
        let source = self.origins.get(on).cloned();
        let key = format!("{section}.public_key_paths");
        let hint = format!(
            "name the files of the issuer's keys, {section}.keys_url or {section}.secret_path"
        );
        self.say(key, format!("{on} needs it"), Some(hint), source);
    }

    /// ID tokens are believed that are for the app, so its ids must be known.
    fn client_ids(&mut self, section: &str, on: &str, tokens: &IdTokens) {
        if tokens.client_ids.is_empty() {
            let source = self.origins.get(on).cloned();
            let key = format!("{section}.client_ids");
            let hint = "name the ids that the provider knows the app by".to_owned();
            self.say(key, format!("{on} needs it"), Some(hint), source);
        }
    }

    /// Id and secret go together. Without them Facebook does not say which app a token is for.
    fn facebook(&mut self, section: &str, on: &str, facebook: &Facebook) {
        let (id, secret) = (
            format!("{section}.app_id"),
            format!("{section}.app_secret_path"),
        );
        match (&facebook.app_id, &facebook.app_secret) {
            (Some(_), Some(_)) => {}
            (None, None) => {
                let source = self.origins.get(on).cloned();
                self.warnings.push(Problem {
                    key: id,
                    what: "without it, tokens for any app of Facebook are taken".to_owned(),
                    hint: Some(format!("name the app's id, and its secret in {secret}")),
                    source,
                });
            }
            (Some(_), None) => self.said(&secret, format!("{id} needs it"), None),
            (None, Some(_)) => self.said(&id, format!("{secret} needs it"), None),
        }
    }

    fn warn(&mut self, key: &str, what: String, hint: &str) {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let source = self.origins.get(key).or_else(|| self.origins.get(section));
        self.warnings.push(Problem {
            key: key.to_owned(),
            what,
            hint: Some(hint.to_owned()),
            source: source.cloned(),
        });
    }
}

/// Whether something can be a part of an address as it is.
fn is_segment(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && !text.starts_with('.')
}

/// Whether something has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
