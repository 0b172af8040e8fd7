//! Protocol versions and their negotiation in the HTTP upgrade.

use std::fmt;

/// A version of the sync protocol, 2 to 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Protocol(u8);

impl Protocol {
    /// The oldest version that any supported client speaks.
    pub const OLDEST: Protocol = Protocol(2);
    /// The newest version there is.
    pub const NEWEST: Protocol = Protocol(14);

    /// A version by its number, if this server speaks it.
    pub fn new(number: u64) -> Option<Protocol> {
        u8::try_from(number)
            .ok()
            .map(Protocol)
            .filter(|version| (Protocol::OLDEST..=Protocol::NEWEST).contains(version))
    }

    /// From 4 on, errors are JSON with an action.
    pub fn has_json_errors(self) -> bool {
        self.0 >= 4
    }

    /// From 8 on, HTTP-like errors are told by close codes.
    pub fn has_close_codes(self) -> bool {
        self.0 >= 8
    }

    /// From 10 on, the server may send LOG_MESSAGE.
    pub fn has_log_messages(self) -> bool {
        self.0 >= 10
    }

    /// From 13 on, Mixed values may hold collections.
    pub fn has_nested_collections(self) -> bool {
        self.0 >= 13
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which kind of sync a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Partition-based: a session syncs one whole Realm.
    Partition,
    /// Flexible: a session syncs what its queries match.
    Flexible,
}

/// What client and server agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Partition-based or flexible.
    pub kind: Kind,
    /// The version.
    pub protocol: Protocol,
    /// The subprotocol for the answer: exactly what the client offered, except that a range is answered by one version of it.
    pub subprotocol: String,
}

/// Why there is no agreement. `Display` is the text for the body of the 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The header names no protocol that this server knows.
    #[error(
        "Protocol version negotiation failed: Missing specification of supported protocol versions\n\nREALM_SYNC_PROTOCOL_MISMATCH\n"
    )]
    Missing,
    /// An SDK of the generation before: `io.realm.sync…`.
    #[error(
        "Protocol version negotiation failed: This client speaks a protocol of Realm Object Server 1 to 3 (io.realm.sync) that is not \
         supported; update its Realm SDK.\n\nREALM_SYNC_PROTOCOL_MISMATCH:CLIENT_TOO_OLD\n"
    )]
    TooOld,
    /// The header is not a list of versions.
    #[error(
        "Protocol version negotiation failed: Malformed specification of supported protocol versions\n\nREALM_SYNC_PROTOCOL_MISMATCH\n"
    )]
    Malformed,
    /// No version is known to both.
    #[error(
        "Protocol version negotiation failed: No version supported by both client and server.\n\nServer supports: 2-14\nClient supports: \
         {client}\n\nREALM_SYNC_PROTOCOL_MISMATCH{advice}\n"
    )]
    NoOverlap {
        /// The client's versions.
        client: String,
        /// `:CLIENT_TOO_OLD` or `:CLIENT_TOO_NEW`, if all of them are.
        advice: &'static str,
    },
}

const PREFIXES: [(&str, Kind); 4] = [
    ("com.mongodb.realm-sync#", Kind::Partition),
    ("com.mongodb.realm-sync/", Kind::Partition),
    ("com.mongodb.realm-query-sync#", Kind::Flexible),
    ("com.mongodb.realm-query-sync/", Kind::Flexible),
];

/// Chooses the highest version that both know from the value of `Sec-WebSocket-Protocol`.
pub fn negotiate(header: &str) -> Result<Negotiated, Mismatch> {
    let mut best: Option<Negotiated> = None;
    let mut seen: Vec<(u64, u64)> = Vec::new();
    let mut old = false;
    for element in header
        .split(',')
        .map(|element| element.trim_matches([' ', '\t', '\r', '\n']))
    {
        old |= element.starts_with("io.realm.sync");
        let Some((prefix, kind)) = PREFIXES
            .iter()
            .find(|(prefix, _)| element.starts_with(prefix))
        else {
            continue;
        };
        let (from, to) = range(&element[prefix.len()..]).ok_or(Mismatch::Malformed)?;
        seen.push((from, to));
        let newest = u64::from(Protocol::NEWEST.0);
        let Some(protocol) = Protocol::new(to.min(newest)).filter(|_| from <= newest) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| best.protocol < protocol) {
            best = Some(Negotiated {
                kind: *kind,
                protocol,
                subprotocol: format!("{prefix}{protocol}"),
            });
        }
    }
    match best {
        Some(best) => Ok(best),
        None if !seen.is_empty() => Err(no_overlap(&seen)),
        None if old => Err(Mismatch::TooOld),
        None => Err(Mismatch::Missing),
    }
}

fn range(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
    };
    let (from, to) = match text.split_once('-') {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(text)?, number(text)?),
    };
    (from <= to).then_some((from, to))
}

fn no_overlap(seen: &[(u64, u64)]) -> Mismatch {
    let client: Vec<String> = seen
        .iter()
        .take(50)
        .map(|(from, to)| {
            if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            }
        })
        .collect();
    let advice = if seen
        .iter()
        .all(|(_, to)| *to < u64::from(Protocol::OLDEST.0))
    {
        ":CLIENT_TOO_OLD"
    } else if seen
        .iter()
        .all(|(from, _)| *from > u64::from(Protocol::NEWEST.0))
    {
        ":CLIENT_TOO_NEW"
    } else {
        ""
    };
    Mismatch::NoOverlap {
        client: client.join(", "),
        advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_answered_as_offered() {
        for (header, kind, subprotocol) in [
            (
                "com.mongodb.realm-sync#14, com.mongodb.realm-sync#13",
                Kind::Partition,
                "com.mongodb.realm-sync#14",
            ),
            (
                "com.mongodb.realm-sync/7, com.mongodb.realm-sync/6",
                Kind::Partition,
                "com.mongodb.realm-sync/7",
            ),
            (
                "com.mongodb.realm-sync#99, x,, com.mongodb.realm-sync#3",
                Kind::Partition,
                "com.mongodb.realm-sync#3",
            ),
            (
                "com.mongodb.realm-sync#2-99",
                Kind::Partition,
                "com.mongodb.realm-sync#14",
            ),
            (
                "\tcom.mongodb.realm-query-sync#12 ",
                Kind::Flexible,
                "com.mongodb.realm-query-sync#12",
            ),
        ] {
            let negotiated = negotiate(header).unwrap();
            assert_eq!(
                (negotiated.kind, negotiated.subprotocol.as_str()),
                (kind, subprotocol),
                "{header}"
            );
        }
    }

    #[test]
    fn disagreement_is_explained() {
        assert_eq!(negotiate(""), Err(Mismatch::Missing));
        assert_eq!(negotiate("chat"), Err(Mismatch::Missing));
        assert_eq!(negotiate("io.realm.sync.30"), Err(Mismatch::TooOld));
        for malformed in ["", "x", "-3", "4-", "5-4", "+3"] {
            assert_eq!(
                negotiate(&format!("com.mongodb.realm-sync#{malformed}")),
                Err(Mismatch::Malformed),
                "{malformed}"
            );
        }
        let error = negotiate("com.mongodb.realm-sync#99")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("Server supports: 2-14\nClient supports: 99\n"),
            "{error}"
        );
        assert!(
            error.contains("REALM_SYNC_PROTOCOL_MISMATCH:CLIENT_TOO_NEW"),
            "{error}"
        );
        assert!(
            negotiate("com.mongodb.realm-sync#1")
                .unwrap_err()
                .to_string()
                .contains(":CLIENT_TOO_OLD")
        );
    }
}
