//! From one configuration to the next without a restart: what takes effect at once, and what waits.

use super::Settings;

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
        let (mut changed, mut waiting) = (Vec::new(), Vec::new());
        let mut later = |key, differs: bool| waiting.extend(differs.then_some(key));
        later("storage.root_path", running.root != wanted.root);
        later("proxy.http", running.listen != wanted.listen);
        later(
            "auth.private_key_path",
            running.private_key != wanted.private_key,
        );
        later(
            "auth.public_key_path",
            running.public_key != wanted.public_key,
        );
        later("metrics", running.metrics != wanted.metrics);
        later("limits", running.limits != wanted.limits);
        let mut now = |key, differs: bool| changed.extend(differs.then_some(key));
        now("location.url", running.public_url != wanted.public_url);
        now("apps", running.apps != wanted.apps);
        now(
            "classic.unknown_files",
            running.reset_unknown_files != wanted.reset_unknown_files,
        );
        now("logging.level", running.log_level != wanted.log_level);
        now("logging.format", running.log_format != wanted.log_format);
        now("logging.path", running.log_path != wanted.log_path);
        // A new setting must be put on one of the two sides, so each is named here.
        let Settings {
            root: _,
            listen: _,
            private_key: _,
            public_key: _,
            metrics: _,
            limits: _,
            public_url,
            apps,
            reset_unknown_files,
            log_level,
            log_format,
            log_path,
        } = wanted;
        let settings = Settings {
            public_url,
            apps,
            reset_unknown_files,
            log_level,
            log_format,
            log_path,
            ..running.clone()
        };
        Reload {
            settings,
            changed,
            waiting,
        }
    }
}
