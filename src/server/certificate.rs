//! The certificate of HTTPS: shown anew when its files change, and complained of before it ends.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::MissedTickBehavior;

use super::Server;
use crate::config::Settings;
use crate::tls::{Files, Identity, Pair, TlsError};

/// How often it is looked whether the files have changed.
const OFTEN: Duration = Duration::from_secs(2);
/// How long before its end a certificate should have been replaced.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// Where the pair lies, if HTTPS is to be served.
pub fn files(settings: &Settings) -> Option<Files> {
    let https = &settings.proxy_https;
    https.pair().map(|(certificate, private_key)| Files {
        certificate: certificate.to_owned(),
        private_key: private_key.to_owned(),
        allow_self_signed: https.allow_self_signed,
    })
}

/// Takes the pair that a configuration names, if it is of use.
pub fn reload(identity: &Identity, settings: &Settings) {
    let Some(files) = files(settings) else {
        return; // switched off, which waits for a restart
    };
    match identity.reload(files) {
        Ok(pair) => taken(&pair),
        Err(error) => refused(&error),
    }
}

impl Server {
    /// When the certificate that is shown ends, in seconds since 1970; `None` without HTTPS.
    pub(super) fn certificate_ends(&self) -> Option<u64> {
        let pair = self.identity.get()?.pair();
        pair.chain().first().map(|own| own.until.as_secs())
    }
}

/// Looks at the files for ever. What cannot be used is complained of once, and the pair before goes on.
pub async fn watch(identity: Identity) {
    say(&identity.pair());
    let mut ticks = tokio::time::interval(OFTEN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let identity = identity.clone();
        let looked = tokio::task::spawn_blocking(move || identity.refresh()).await;
        match looked {
            Ok(Ok(None)) | Err(_) => {}
            Ok(Ok(Some(pair))) => taken(&pair),
            Ok(Err(error)) => refused(&error),
        }
    }
}

/// A new pair is shown.
fn taken(pair: &Pair) {
    if let Some(own) = pair.chain().first() {
        let until = time(own.until);
        tracing::info!(subject = own.subject, %until, "new certificate taken");
    }
    say(pair);
}

/// A new pair is of no use.
fn refused(error: &TlsError) {
    tracing::error!(%error, "the new certificate is not taken, the one before goes on");
}

/// What an operator should know of a pair.
fn say(pair: &Pair) {
    let Some(own) = pair.chain().first() else {
        return;
    };
    let (subject, until) = (&own.subject, time(own.until));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    if now >= own.until {
        tracing::error!(subject, %until, "the certificate has ended: devices refuse it");
    } else if now + SOON > own.until {
        tracing::warn!(subject, %until, "the certificate ends soon");
    }
    if own.is_self_signed {
        tracing::warn!(
            subject,
            "the certificate has signed itself: devices that do not know it refuse it"
        );
    } else if pair.chain().len() == 1 {
        tracing::warn!(
            subject,
            "the certificate stands alone: devices do not find that of its issuer; append it to the file"
        );
    }
}

fn time(since: Duration) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since)
}
