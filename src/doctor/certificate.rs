//! Certificates that devices are shown: still good, and complete.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Finding;
use crate::config::Settings;
use crate::tls::{self, Facts, Files, Pair};

const CHECK: &str = "certificate";

/// How long before its end a certificate should have been replaced.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

/// What is to be said of the pair that HTTPS shows, if there is HTTPS.
pub fn configured(settings: &Settings) -> Option<Finding> {
    let https = &settings.proxy_https;
    let (certificate, private_key) = https.pair()?;
    let pair = Pair::read(&Files {
        certificate: certificate.to_owned(),
        private_key: private_key.to_owned(),
        allow_self_signed: https.allow_self_signed,
    });
    Some(match pair {
        Ok(pair) => judged(pair.chain(), now()),
        Err(error) => {
            let hint = "ros check-config says more; see docs/tls-and-proxies.md";
            Finding::bad(CHECK, error.to_string(), hint)
        }
    })
}

/// What is to be said of the certificates in a file, PEM, the server's own first.
pub fn finding(file: &Path) -> Finding {
    let bad = |text| {
        let hint = "name the file that has the certificate and those that it stands on, as PEM";
        Finding::bad(CHECK, text, hint)
    };
    match tls::certificates(file) {
        Ok(chain) => match chain.iter().map(tls::facts).collect::<Option<Vec<Facts>>>() {
            Some(chain) => judged(&chain, now()),
            None => bad(format!(
                "{}: a certificate in it cannot be read",
                file.display()
            )),
        },
        Err(error) => bad(error.to_string()),
    }
}

fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

fn judged(chain: &[Facts], now: Duration) -> Finding {
    let Some(own) = chain.first() else {
        return Finding::bad(CHECK, "the file has no certificate", "it must be PEM");
    };
    let (subject, from, end) = (&own.subject, own.from, own.until);
    let when = humantime::format_rfc3339_seconds(UNIX_EPOCH + end);
    let renew = "renew it, then `systemctl reload` whoever serves it";
    if now >= end {
        return Finding::bad(CHECK, format!("{subject} has ended on {when}"), renew);
    }
    if now < from {
        let text = format!("{subject} does not hold yet");
        return Finding::bad(CHECK, text, "is the clock right? `date -u`");
    }
    if end - now < SOON {
        return Finding::warn(CHECK, format!("{subject} ends on {when}"), renew);
    }
    if own.is_self_signed {
        let text = format!("{subject} has signed itself: devices do not trust it");
        return Finding::warn(CHECK, text, "only for a lab whose devices know it");
    }
    if chain.len() == 1 {
        let text =
            format!("{subject} stands alone: the certificate of its issuer is not in the file");
        return Finding::warn(
            CHECK,
            text,
            "append the intermediate certificates (fullchain.pem): browsers find them elsewhere, devices do not",
        );
    }
    Finding::ok(CHECK, format!("{subject} holds until {when}"))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    /// `sync.example.com`, signed by a lab; ends then.
    const OWN: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJjCBzQIUDc2QprCYuYjsIFGpqQZ8x4gk1dQwCgYIKoZIzj0EAwIwETEPMA0G
A1UEAwwGTGFiIENBMB4XDTI2MTEyNTA3MDIxMVoXDTI3MDIyMzA3MDIxMVowGzEZ
MBcGA1UEAwwQc3luYy5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEcf1A8W2iYSdFAwKsfIORp5oVBTTZnXBJ2TDGO5/geyw+WVTxo4FLsrhJGB
L2aBuTiuGDOSK/2sUK2dOgF7IeEwCgYIKoZIzj0EAwIDSAAwRQIhAPlXLLqFEJHB
JQ2qcKcrsBZ8EPbuzbMEufcG3ZKnn30iAiAHXEcKD5gH6Y/H+Hgm2BfNgD1wjS8f
+zn8M6MVlFgMwA==
-----END CERTIFICATE-----
";
    const END: u64 = 1_803_366_131;
    /// The lab, signed by itself.
    const LAB: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdjCCAR2gAwIBAgIUEFsnpJqTNzTmu5+0HnDZX6/PrU8wCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGTGFiIENBMB4XDTI2MTEyNTA3MDIxMVoXDTM2MTEyMjA3MDIx
MVowETEPMA0GA1UEAwwGTGFiIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
OIikL3yDyIW8RlJDaB/Usau7RGX1jV+JjJ/iKTeKbSzGOWddWIGndL8st2ti8bWo
jnF+kZYMk9+OTUjgBzaXqaNTMFEwHQYDVR0OBBYEFOZsY2vWJXSSOisnnnEWrCdB
u4g6MB8GA1UdIwQYMBaAFOZsY2vWJXSSOisnnnEWrCdBu4g6MA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgffEu/S+ZtPCg7sr0XAmJOV0xrcLPGdBj
S68AcI7iSrECIGGef5sPA9gggHYcP6AqxGGfK0sa8K9j6ZOk5xdkWywd
-----END CERTIFICATE-----
";

    fn state(pem: &str, before_the_end: i64) -> State {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem).unwrap();
        let chain = tls::certificates(file.path()).unwrap();
        let chain: Vec<Facts> = chain.iter().map(|one| tls::facts(one).unwrap()).collect();
        let now = END.checked_add_signed(-before_the_end).unwrap();
        judged(&chain, Duration::from_secs(now)).state
    }

    #[test]
    fn time_and_chain_are_judged() {
        const DAY: i64 = 24 * 3600;
        let whole = format!("{OWN}{LAB}");
        for (pem, before_the_end, is) in [
            (whole.as_str(), 30 * DAY, State::Ok),
            (&whole, 13 * DAY, State::Warn),
            (&whole, 0, State::Bad),
            (&whole, 100 * DAY, State::Bad),
            (OWN, 30 * DAY, State::Warn),
            (LAB, 30 * DAY, State::Warn),
        ] {
            assert_eq!(state(pem, before_the_end), is, "{before_the_end}");
        }
    }

    #[test]
    fn a_file_that_has_none_is_bad() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(finding(file.path()).state, State::Bad);
        assert_eq!(finding(Path::new("/nonexistent")).state, State::Bad);
    }
}
