//! Who may do what in a Realm: the decision, with its reason. A pure function; the rules are given.

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Download.
    pub read: bool,
    /// Upload changesets.
    pub write: bool,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The user is an administrator.
    Administrator,
    /// The app's configuration opens or closes its partitions.
    AppPartitions,
    /// The token itself grants or limits.
    Token,
    /// The token is for another path.
    OtherPath,
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What is allowed.
    pub rights: Rights,
    /// By which rule.
    pub reason: Reason,
}

/// What speaks for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim<'a> {
    /// A user of an app wants one of its partitions.
    Partition {
        /// Whether the app opens its partitions for reading.
        read: bool,
        /// Whether it opens them for writing.
        write: bool,
    },
    /// The bearer of a classic token wants a path.
    Path {
        /// The path.
        path: &'a str,
        /// The one that the token is for; any, if there is none.
        granted_path: Option<&'a str>,
        /// Whether the token grants reading.
        download: bool,
        /// Whether it grants writing.
        upload: bool,
        /// Whether the token is an administrator's.
        admin: bool,
    },
}

/// Decides. Writing implies reading.
pub fn decide(claim: Claim<'_>) -> Decision {
    let rights = |read: bool, write: bool| Rights {
        read: read || write,
        write,
    };
    match claim {
        Claim::Partition { read, write } => Decision {
            rights: rights(read, write),
            reason: Reason::AppPartitions,
        },
        Claim::Path { admin: true, .. } => Decision {
            rights: rights(true, true),
            reason: Reason::Administrator,
        },
        Claim::Path {
            path,
            granted_path: Some(granted),
            ..
        } if granted != path => Decision {
            rights: rights(false, false),
            reason: Reason::OtherPath,
        },
        Claim::Path {
            download, upload, ..
        } => Decision {
            rights: rights(download, upload),
            reason: Reason::Token,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path<'a>(
        granted_path: Option<&'a str>,
        download: bool,
        upload: bool,
        admin: bool,
    ) -> Claim<'a> {
        Claim::Path {
            path: "/a",
            granted_path,
            download,
            upload,
            admin,
        }
    }

    #[test]
    fn decisions_and_reasons() {
        let decided = |claim| {
            let Decision { rights, reason } = decide(claim);
            (rights.read, rights.write, reason)
        };
        assert_eq!(
            decided(Claim::Partition {
                read: false,
                write: false
            }),
            (false, false, Reason::AppPartitions)
        );
        assert_eq!(
            decided(Claim::Partition {
                read: false,
                write: true
            }),
            (true, true, Reason::AppPartitions)
        );
        assert_eq!(
            decided(path(None, false, false, true)),
            (true, true, Reason::Administrator)
        );
        assert_eq!(
            decided(path(Some("/b"), true, true, false)),
            (false, false, Reason::OtherPath)
        );
        assert_eq!(
            decided(path(Some("/b"), false, false, true)),
            (true, true, Reason::Administrator)
        );
        assert_eq!(
            decided(path(Some("/a"), true, false, false)),
            (true, false, Reason::Token)
        );
        assert_eq!(
            decided(path(None, false, false, false)),
            (false, false, Reason::Token)
        );
    }
}
