//! From one configuration to the next without a restart: what takes effect at once, and what waits.

use super::{Settings, keys};

/// A new configuration beside the running one.
#[derive(Debug)]
pub struct Reload {
    /// What holds from now on: the running settings, with all that may change at once.
    pub settings: Settings,
    /// Keys that have another value now.
    pub changed: Vec<&'static str>,
    /// Keys whose new value needs a restart.
    pub waiting: Vec<&'static str>,
}

impl Reload {
    /// What becomes of the running settings when these are wanted.
    pub fn new(running: &Settings, wanted: Settings) -> Reload {
        let mut settings = running.clone();
        let (mut changed, mut waiting) = (Vec::new(), Vec::new());
        let (mut before, mut after) = (running.clone(), wanted.clone());
        for key in keys::all().filter(|key| keys::group_of(key).is_none()) {
            let value = key.place.get(&mut after, &[]);
            if key.place.get(&mut before, &[]) == value {
                continue;
            }
            if key.reload && key.place.put(&mut settings, &[], value).is_ok() {
                changed.push(key.path);
            } else {
                waiting.push(key.path);
            }
        }
        if running.apps != wanted.apps {
            changed.push("apps");
            settings.apps = wanted.apps;
        }
        let rounds = running.providers.password_iterations;
        if rounds != wanted.providers.password_iterations {
            waiting.push("auth.providers.password.iterations");
        }
        let mut providers = wanted.providers;
        providers.password_iterations = rounds;
        if running.providers != providers {
            changed.push("auth.providers");
            settings.providers = providers;
        }
        changed.sort_unstable();
        waiting.sort_unstable();
        Reload {
            settings,
            changed,
            waiting,
        }
    }
}
