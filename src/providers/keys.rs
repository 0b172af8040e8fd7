//! The keys that issuers publish, kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::ask::Outside;
use crate::auth::ForeignKeys;
use crate::config::Endpoint;
use crate::ident::UnixTime;

/// Addresses whose keys are kept; one more, and all are forgotten. There are as many as the configuration names, and has named since the start.
const MOST: usize = 256;
/// Seconds for which keys hold whose answer does not say.
const USUAL: u64 = 60 * 60;
/// Seconds for which keys hold at least, and at most, whatever the answer says.
const LEAST: u64 = 60;
const LONGEST: u64 = 24 * 60 * 60;
/// Seconds between two questions because of a name that no key has: anybody can make names up.
const UNKNOWN: u64 = 60;
/// Seconds after a question without an answer until the next.
const PAUSE: u64 = 5;
/// Seconds for which keys go on beyond their time where there is no answer.
const GRACE: u64 = 60 * 60;

/// The keys at each address. Who asks for one that somebody else is asking for waits for the answer.
#[derive(Default)]
pub struct KeySets(Mutex<HashMap<Endpoint, Arc<tokio::sync::Mutex<KeySet>>>>);

/// The keys at one address.
#[derive(Default)]
struct KeySet {
    keys: Arc<ForeignKeys>,
    /// Until when they hold.
    until: UnixTime,
    /// When they were asked for last, and why there was no answer if there was none.
    asked: Option<UnixTime>,
    failed: Option<String>,
}

impl KeySets {
    /// The keys at an address, asked for if that is due. The error says why there are none.
    pub async fn get(
        &self,
        outside: &Outside,
        url: &Endpoint,
        named: Option<&str>,
        now: UnixTime,
    ) -> Result<Arc<ForeignKeys>, String> {
        let set = self.at(url);
        let mut set = set.lock().await;
        if set.is_due(named, now) {
            set.ask(outside, url, now).await;
        }
        set.given(named, now)
            .ok_or_else(|| format!("{url}: {}", set.failed.as_deref().unwrap_or("no keys")))
    }

    fn at(&self, url: &Endpoint) -> Arc<tokio::sync::Mutex<KeySet>> {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= MOST && !sets.contains_key(url) {
            sets.clear();
        }
        sets.entry(url.clone()).or_default().clone()
    }
}

impl KeySet {
    /// Whether it is time to ask.
    fn is_due(&self, named: Option<&str>, now: UnixTime) -> bool {
        // A clock that was set back waits for nothing.
        let waits = |seconds| {
            self.asked
                .is_some_and(|asked| now.0.abs_diff(asked.0) < seconds)
        };
        if self.failed.is_some() && waits(PAUSE) {
            return false;
        }
        if self.keys.is_empty() || now >= self.until {
            return true;
        }
        !self.has(named) && !waits(UNKNOWN)
    }

    /// Whether a token that names this key can be judged by these.
    fn has(&self, named: Option<&str>) -> bool {
        named.is_none_or(|named| self.keys.has(named))
    }

    /// The keys, if they may be used. Where there was no answer, a token that names a key that is not there may still be right.
    fn given(&self, named: Option<&str>, now: UnixTime) -> Option<Arc<ForeignKeys>> {
        let hold = match self.failed {
            None => !self.keys.is_empty(),
            Some(_) => now < self.until.after(GRACE) && self.has(named) && !self.keys.is_empty(),
        };
        hold.then(|| self.keys.clone())
    }

    async fn ask(&mut self, outside: &Outside, url: &Endpoint, now: UnixTime) {
        self.asked = Some(now);
        match fetched(outside, url).await {
            Ok((keys, fresh)) => {
                tracing::debug!(%url, seconds = fresh, "the keys of an issuer were fetched");
                (self.keys, self.until) = (Arc::new(keys), now.after(fresh));
                self.failed = None;
            }
            Err(cause) => {
                tracing::warn!(%url, cause, "the keys of an issuer cannot be fetched");
                self.failed = Some(cause);
            }
        }
    }
}

/// The keys, and for how many seconds they hold.
async fn fetched(outside: &Outside, url: &Endpoint) -> Result<(ForeignKeys, u64), String> {
    let answer = outside.ask(|client| client.get(url.as_str())).await?;
    if !answer.status.is_success() {
        return Err(format!("HTTP {}", answer.status));
    }
    let text = String::from_utf8(answer.body).map_err(|_| "no text".to_owned())?;
    let mut keys = ForeignKeys::default();
    keys.add(&text).map_err(|error| error.to_string())?;
    let fresh = answer.fresh.unwrap_or(USUAL);
    Ok((keys, fresh.clamp(LEAST, LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"{"kty":"EC","crv":"P-256","kid":"k1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    /// Keys that were fetched at 1000 and hold for an hour, with what happened since.
    fn set(failed: Option<&str>, asked: u64) -> KeySet {
        let mut keys = ForeignKeys::default();
        keys.add(KEY).unwrap();
        KeySet {
            keys: Arc::new(keys),
            until: UnixTime(4600),
            asked: Some(UnixTime(asked)),
            failed: failed.map(str::to_owned),
        }
    }

    #[test]
    fn keys_are_asked_for_when_they_are_old_or_lack_a_name_and_not_too_often() {
        let (known, unknown) = (Some("k1"), Some("k2"));
        let is_due = |set: &KeySet, named, now| set.is_due(named, UnixTime(now));
        assert!(is_due(&KeySet::default(), None, 0));
        let fresh = set(None, 1000);
        assert!(!is_due(&fresh, None, 1000) && !is_due(&fresh, known, 4599));
        assert!(is_due(&fresh, known, 4600));
        assert!(!is_due(&fresh, unknown, 1059) && is_due(&fresh, unknown, 1060));
        assert!(!is_due(&fresh, unknown, 941) && is_due(&fresh, unknown, 900));
        let failed = set(Some("down"), 5000);
        assert!(!is_due(&failed, known, 5004) && is_due(&failed, known, 5005));
    }

    #[test]
    fn without_an_answer_what_is_known_goes_on_for_a_while() {
        let given = |set: &KeySet, named, now| set.given(named, UnixTime(now)).is_some();
        let failed = set(Some("down"), 5000);
        assert!(given(&failed, Some("k1"), 8199) && given(&failed, None, 8199));
        assert!(!given(&failed, Some("k1"), 8200));
        assert!(!given(&failed, Some("k2"), 5000), "it may be a new one");
        assert!(given(&set(None, 1000), Some("k2"), 1000), "it is none");
        assert!(!given(&KeySet::default(), None, 0));
    }
}
