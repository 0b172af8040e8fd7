//! The certificate and key that a configuration names: they belong together, hold now and for the host, and have what devices need.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::configuration::Look;
use crate::tls::{Cause, Files, Pair, TlsError};

const CERTIFICATE: &str = "proxy.https.certificate_path";
const KEY_OF_CERTIFICATE: &str = "proxy.https.private_key_path";
/// A certificate that ends within this time is worth a word.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

impl Look<'_> {
    /// Looks at the pair that HTTPS would show.
    pub(super) fn certificate(&mut self) {
        let https = &self.loaded.settings.proxy_https;
        let Some((certificate, private_key)) = https.pair() else {
            return;
        };
        let files = Files {
            certificate: certificate.to_owned(),
            private_key: private_key.to_owned(),
            allow_self_signed: https.allow_self_signed,
        };
        match Pair::read(&files) {
            Ok(pair) => self.pair(&pair),
            Err(error) => self.no_pair(&files, &error),
        }
        self.private(KEY_OF_CERTIFICATE, private_key);
    }

    fn no_pair(&mut self, files: &Files, error: &TlsError) {
        let key = match error.cause {
            // They may be in one file.
            Cause::NoKey | Cause::Locked | Cause::BadKey | Cause::Mismatch => KEY_OF_CERTIFICATE,
            _ if error.file == files.certificate => CERTIFICATE,
            _ => KEY_OF_CERTIFICATE,
        };
        let hint = match error.cause {
            Cause::SelfSigned => {
                "mobile devices refuse it; get one that is signed (certbot), or for a lab write proxy.https.allow_self_signed: true"
            }
            Cause::Mismatch => "name the key that the certificate was made with",
            _ if key == CERTIFICATE => {
                "name the PEM file that has the certificate, and after it those of its issuers (fullchain.pem)"
            }
            _ => "name the PEM file that has the private key (privkey.pem)",
        };
        self.problem(key, error.to_string(), hint.to_owned());
    }

    fn pair(&mut self, pair: &Pair) {
        let Some(own) = pair.chain().first() else {
            return;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let (subject, renew) = (&own.subject, "renew it, then reload the server".to_owned());
        let ends = humantime::format_rfc3339_seconds(UNIX_EPOCH + own.until);
        if now >= own.until {
            self.problem(CERTIFICATE, format!("{subject} has ended on {ends}"), renew);
        } else if now < own.from {
            let hint = "is the clock right? `date -u`".to_owned();
            self.problem(CERTIFICATE, format!("{subject} does not hold yet"), hint);
        } else if own.until - now < SOON {
            self.warning(CERTIFICATE, format!("{subject} ends on {ends}"), renew);
        }
        if pair.chain().len() == 1 && !own.is_self_signed {
            let what = format!(
                "{subject} stands alone: the certificate of its issuer {} is not in the file",
                own.issuer
            );
            let hint = "append the intermediate certificates (fullchain.pem): browsers find them elsewhere, devices do not".to_owned();
            self.warning(CERTIFICATE, what, hint);
        }
        let mut links = pair.chain().windows(2);
        if let Some([one, next]) = links.find(|link| link[0].issuer != link[1].subject) {
            let what = format!(
                "after {} comes {}, which has not issued it",
                one.subject, next.subject
            );
            let hint = "put each certificate before that of its issuer".to_owned();
            self.warning(CERTIFICATE, what, hint);
        }
        let url = self
            .loaded
            .settings
            .public_url
            .as_ref()
            .filter(|url| url.secure);
        if let Some(host) = url.map(|url| host(&url.authority))
            && !pair.holds_for(host)
        {
            let what = format!(
                "it does not hold for {host}, which location.url names; it does for {}",
                own.names.join(", ")
            );
            let hint =
                "get a certificate for that name, or put another into location.url".to_owned();
            self.warning(CERTIFICATE, what, hint);
        }
    }
}

/// The host of an authority, without its port.
fn host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    host.trim_start_matches('[').trim_end_matches(']')
}
