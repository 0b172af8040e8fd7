//! What values mean together: what must be given, and what cannot be both.

mod providers;

use std::collections::BTreeMap;

use super::keys::{self, Effect, Key};
use super::problem::{Problem, Source};
use super::{Listener, Settings, SyncServer};
use crate::limits::SHORTEST_PASSWORD;

/// Finds what is wrong with settings as a whole. Nothing is said twice of one key.
pub fn check(
    settings: &Settings,
    origins: &BTreeMap<String, Source>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let mut found = Found {
        origins,
        problems,
        warnings,
    };
    found.without_effect(settings);
    found.needed(settings);
    found.https(settings);
    found.ports(settings);
    found.servers(settings);
    found.providers(settings);
    found.passwords(settings);
    found.apps(settings);
}

struct Found<'a> {
    origins: &'a BTreeMap<String, Source>,
    problems: &'a mut Vec<Problem>,
    warnings: &'a mut Vec<Problem>,
}

impl Found<'_> {
    /// What belongs to something that is switched off is no mistake, also where this build could not do it.
    fn without_effect(&mut self, settings: &Settings) {
        let off = [
            ("proxy.https.", &settings.proxy_https.listener),
            ("backup.", &settings.backup.listener),
            ("network.http.", &settings.network_http),
            ("network.sync.", &settings.network_sync),
        ];
        for (section, _) in off.into_iter().filter(|(_, listener)| !listener.enabled) {
            self.problems
                .retain(|problem| !(problem.key.starts_with(section) && problem.is_missing()));
        }
    }

    fn needed(&mut self, settings: &Settings) {
        let mut scratch = settings.clone();
        for key in keys::all().filter(|key| key.needed) {
            for place in places(key, settings) {
                let names = keys::names(key.path, &place.split('.').collect::<Vec<_>>());
                let value = key.place.get(&mut scratch, &names);
                if key.spelled(&value).is_none() {
                    let text = key.text.trim_end_matches('.');
                    let what = format!("it is needed: {}{}", text[..1].to_lowercase(), &text[1..]);
                    let section = place.rsplit_once('.').map_or("", |(section, _)| section);
                    let source = self.origins.get(section).cloned();
                    let hint = needed_hint(key, &place);
                    self.say(place, what, Some(hint), source);
                }
            }
        }
    }

    fn https(&mut self, settings: &Settings) {
        let https = &settings.proxy_https;
        if !https.listener.enabled {
            return;
        }
        let source = self.origins.get("proxy.https.enable").cloned();
        for (key, path) in [
            ("proxy.https.certificate_path", &https.certificate),
            ("proxy.https.private_key_path", &https.private_key),
        ] {
            if path.is_none() {
                let hint = "name the PEM file, or set proxy.https.enable: false".to_owned();
                self.say(
                    key.to_owned(),
                    "HTTPS needs it".to_owned(),
                    Some(hint),
                    source.clone(),
                );
            }
        }
    }

    /// No two may listen on the same port of overlapping addresses.
    fn ports(&mut self, settings: &Settings) {
        let listeners = listeners(settings);
        for (number, (key, listener)) in listeners.iter().enumerate() {
            let mut before = listeners[..number].iter();
            if let Some((other, same)) = before.find(|(_, other)| other.overlaps(listener)) {
                let what = format!("{} overlaps {} of {other}", shown(listener), shown(same));
                let key = format!("{key}.listen_port");
                let source = self
                    .origins
                    .get(&key)
                    .or_else(|| self.origins.get(&format!("{other}.listen_port")))
                    .cloned();
                self.say(
                    key,
                    what,
                    Some("choose another port for one of them".to_owned()),
                    source,
                );
            }
        }
    }

    fn servers(&mut self, settings: &Settings) {
        let servers = &settings.sync_servers;
        for (number, server) in servers.iter().enumerate() {
            if servers[..number].iter().any(|other| other.id == server.id) {
                let what = format!("the id `{}` is given twice", server.id);
                let hint =
                    "each needs an id of its own, which stays: the data of Realms is bound to it"
                        .to_owned();
                self.said("sync.servers", what, Some(hint));
            }
            let Some(listener) = server.listener() else {
                let what = format!(
                    "`{}` is another machine, and this build syncs on its own only",
                    server.address
                );
                let hint = "0.0.0.0 and :: are this one".to_owned();
                self.said("sync.servers", what, Some(hint));
                continue;
            };
            let before = servers[..number].iter().filter_map(SyncServer::listener);
            let others = listeners(settings).into_iter().map(|(_, other)| other);
            if let Some(same) = before.chain(others).find(|other| other.overlaps(&listener)) {
                let what = format!("{} overlaps {}", shown(&listener), shown(&same));
                let hint = "choose another port for one of them".to_owned();
                self.said("sync.servers", what, Some(hint));
            }
        }
    }

    fn passwords(&mut self, settings: &Settings) {
        if settings.password_min_length > SHORTEST_PASSWORD {
            let asked = settings.password_min_length;
            let what = format!("{asked} is more than {SHORTEST_PASSWORD}");
            self.said("auth.password_min_length", what, None);
        }
    }

    fn said(&mut self, key: &str, what: String, hint: Option<String>) {
        let source = self.origins.get(key).cloned();
        self.say(key.to_owned(), what, hint, source);
    }

    fn say(&mut self, key: String, what: String, hint: Option<String>, source: Option<Source>) {
        if !self.problems.iter().any(|problem| problem.key == key) {
            self.problems.push(Problem {
                key,
                what,
                hint,
                source,
            });
        }
    }
}

/// Who listens, by the section that says so, of those that this build serves; those of `sync.servers` left out, which stand in the place of `network.sync`.
pub fn listeners(settings: &Settings) -> Vec<(&'static str, Listener)> {
    let network_sync = match settings.sync_servers[..] {
        [] => settings.network_sync,
        [..] => settings.network_sync.off(),
    };
    let listeners = [
        ("proxy.http", settings.proxy_http),
        ("proxy.https", settings.proxy_https.listener),
        ("network.http", settings.network_http),
        ("network.sync", network_sync),
        ("backup.network", settings.backup.listener),
        ("metrics", settings.metrics),
    ];
    let is_served = |section: &str| {
        let place: Vec<&str> = section.split('.').chain(["listen_port"]).collect();
        keys::find(&place).is_some_and(|key| key.effect != Effect::Missing)
    };
    listeners
        .into_iter()
        .filter(|(section, listener)| listener.enabled && is_served(section))
        .collect()
}

fn shown(listener: &Listener) -> String {
    format!("port {} of {}", listener.port, listener.address)
}

/// The places of a key in these settings: one for each name that stands for its `*`, none where its section is not.
pub fn places(key: &Key, settings: &Settings) -> Vec<String> {
    match keys::group_of(key) {
        Some(group) => {
            let names = (group.names)(settings);
            names
                .into_iter()
                .map(|name| key.path.replacen('*', &name, 1))
                .collect()
        }
        None => vec![key.path.to_owned()],
    }
}

fn needed_hint(key: &Key, place: &str) -> String {
    let example = format!("write {place}: {}", key.example);
    match key.path {
        "storage.root_path" => format!("{example}, or give --root DIR"),
        "auth.private_key_path" => {
            format!("{example} (openssl genrsa -out FILE 2048), or give --private-key FILE")
        }
        _ => example,
    }
}

impl Problem {
    fn is_missing(&self) -> bool {
        self.what == Effect::MISSING
    }
}
