use super::*;

const READ: Rights = Rights {
    read: true,
    write: false,
    manage: false,
};
const WRITE: Rights = Rights {
    read: true,
    write: true,
    manage: false,
};
const WRITE_ONLY: Rights = Rights {
    read: false,
    write: true,
    manage: false,
};

fn app(id: &str) -> Endpoint {
    Endpoint::App(AppId::parse(id).unwrap())
}

fn user(endpoint: Endpoint) -> Caller {
    Caller {
        endpoint,
        user: UserId("ada".into()),
        admin: false,
        token: None,
        expires_at: None,
        login: None,
    }
}

fn admin(endpoint: Endpoint) -> Caller {
    Caller {
        admin: true,
        ..user(endpoint)
    }
}

fn bearer(realm: Option<&str>, rights: Rights) -> Caller {
    let realm = realm.map(RealmName::from_canonical);
    Caller {
        token: Some(TokenRights { realm, rights }),
        ..user(Endpoint::Classic)
    }
}

fn everyone(rights: Rights) -> Grants {
    Grants {
        owner: None,
        everyone: rights,
    }
}

fn owned_by(owner: &str) -> Grants {
    Grants {
        owner: Some(UserId(owner.into())),
        everyone: Rights::NONE,
    }
}

#[test]
fn decisions_and_their_reasons() {
    use Endpoint::Classic;
    let closed = Grants::default;
    for (caller, realm, grants, rights, reason) in [
        // Partitions: what is open to everyone, in one's own app only.
        (
            user(app("x")),
            "x/\"p\"",
            closed(),
            Rights::NONE,
            Reason::NothingGranted,
        ),
        (
            user(app("x")),
            "x/\"p\"",
            everyone(READ),
            READ,
            Reason::Everyone,
        ),
        (
            user(app("x")),
            "x/\"p\"",
            everyone(WRITE_ONLY),
            WRITE,
            Reason::Everyone,
        ),
        (
            user(app("x")),
            "y/\"p\"",
            everyone(WRITE),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
        (
            user(app("x")),
            "xy/\"p\"",
            everyone(WRITE),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
        (
            user(app("x")),
            "/ada/notes",
            owned_by("ada"),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
        (
            admin(app("x")),
            "x/\"p\"",
            closed(),
            Rights::ALL,
            Reason::Admin,
        ),
        (
            admin(app("x")),
            "y/\"p\"",
            closed(),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
        // Paths: by ownership, or by the token alone where it carries rights.
        (
            user(Classic),
            "/ada/notes",
            owned_by("ada"),
            Rights::ALL,
            Reason::Owner,
        ),
        (
            user(Classic),
            "/bob/notes",
            owned_by("bob"),
            Rights::NONE,
            Reason::NothingGranted,
        ),
        (
            user(Classic),
            "/ada/__management",
            owned_by("ada"),
            Rights::NONE,
            Reason::Reserved,
        ),
        (
            user(Classic),
            "x/\"p\"",
            everyone(WRITE),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
        (
            bearer(Some("/a"), READ),
            "/a",
            closed(),
            READ,
            Reason::Token,
        ),
        (
            bearer(Some("/a"), WRITE_ONLY),
            "/a",
            closed(),
            WRITE,
            Reason::Token,
        ),
        (
            bearer(Some("/a"), Rights::ALL),
            "/b",
            owned_by("ada"),
            Rights::NONE,
            Reason::TokenForOtherRealm,
        ),
        (
            bearer(None, Rights::ALL),
            "/a",
            owned_by("ada"),
            Rights::NONE,
            Reason::TokenForNoRealm,
        ),
        (
            bearer(Some("/ada/__permission"), READ),
            "/ada/__permission",
            closed(),
            READ,
            Reason::Token,
        ),
        (
            admin(Classic),
            "/__admin",
            closed(),
            Rights::ALL,
            Reason::Admin,
        ),
        (
            admin(Classic),
            "x/\"p\"",
            closed(),
            Rights::NONE,
            Reason::OtherNamespace,
        ),
    ] {
        assert_eq!(
            decide(&caller, &RealmName::from_canonical(realm), &grants),
            Decision { rights, reason },
            "{caller:?} {realm}"
        );
    }
}
