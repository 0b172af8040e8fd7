use super::*;

const NOBODY: Grants = Grants {
    owner: None,
    own: None,
    offered: false,
    default: None,
    app: (Rights::NONE, None),
    rows: Rows::Replace,
    schema: SchemaRule::Write,
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
        issued_at: None,
        login: None,
    }
}

fn admin(endpoint: Endpoint) -> Caller {
    Caller {
        admin: true,
        ..user(endpoint)
    }
}

fn bearer(realm: Option<&str>, rights: Rights, is_capped: bool) -> Caller {
    let realm = realm.map(RealmName::from_canonical);
    let token = TokenRights {
        realm,
        rights,
        is_capped,
    };
    Caller {
        token: Some(token),
        ..user(Endpoint::Classic)
    }
}

fn owned_by(owner: &str) -> Grants {
    Grants {
        owner: Some(UserId(owner.into())),
        ..NOBODY
    }
}

fn own(rights: Rights) -> Grants {
    Grants {
        own: Some(rights),
        ..NOBODY
    }
}

fn open(rights: Rights) -> Grants {
    Grants {
        app: (rights, Some(Source::Open)),
        ..NOBODY
    }
}

/// `rwm` with dashes.
fn letters(rights: Rights) -> String {
    let letter = |is: bool, letter| if is { letter } else { '-' };
    let letters = [
        letter(rights.read, 'r'),
        letter(rights.write, 'w'),
        letter(rights.manage, 'm'),
    ];
    letters.iter().collect()
}

#[test]
fn who_is_who_and_whose_realm_it_is() {
    use Endpoint::Classic;
    let (x, write) = (|| app("x"), WRITE);
    for (caller, realm, grants, rights, reason) in [
        // One's own app or paths only.
        (user(x()), "x/\"p\"", NOBODY, "---", Reason::NothingGranted),
        (
            user(x()),
            "y/\"p\"",
            open(write),
            "---",
            Reason::OtherNamespace,
        ),
        (
            user(x()),
            "xy/\"p\"",
            open(write),
            "---",
            Reason::OtherNamespace,
        ),
        (
            user(x()),
            "/ada/notes",
            owned_by("ada"),
            "---",
            Reason::OtherNamespace,
        ),
        (
            user(Classic),
            "x/\"p\"",
            own(write),
            "---",
            Reason::OtherNamespace,
        ),
        (admin(x()), "y/\"p\"", NOBODY, "---", Reason::OtherNamespace),
        (
            admin(Classic),
            "x/\"p\"",
            NOBODY,
            "---",
            Reason::OtherNamespace,
        ),
        // Administrators, owners, and those who look like them.
        (admin(x()), "x/\"p\"", NOBODY, "rwm", Reason::Admin),
        (admin(Classic), "/__admin", NOBODY, "r--", Reason::Admin),
        (admin(Classic), "/__password", NOBODY, "rwm", Reason::Admin),
        (
            user(Classic),
            "/ada/notes",
            owned_by("ada"),
            "rwm",
            Reason::Owner,
        ),
        (
            user(Classic),
            "/bob/notes",
            owned_by("bob"),
            "---",
            Reason::NothingGranted,
        ),
        (
            user(Classic),
            "/Ada/notes",
            owned_by("Ada"),
            "---",
            Reason::NothingGranted,
        ),
        (
            user(Classic),
            "/*/notes",
            owned_by("*"),
            "---",
            Reason::NothingGranted,
        ),
        // The server's own Realms.
        (
            user(Classic),
            "/ada/__management",
            NOBODY,
            "rw-",
            Reason::OwnManagement,
        ),
        (
            user(Classic),
            "/bob/__management",
            own(write),
            "---",
            Reason::Reserved,
        ),
        (
            user(Classic),
            "/Ada/__management",
            NOBODY,
            "---",
            Reason::Reserved,
        ),
        (
            user(Classic),
            "/ada/x/__management",
            NOBODY,
            "---",
            Reason::Reserved,
        ),
        (
            user(Classic),
            "/ada/__permission",
            NOBODY,
            "r--",
            Reason::OwnPermissions,
        ),
        (
            user(Classic),
            "/ada/__perm",
            NOBODY,
            "r--",
            Reason::OwnPermissions,
        ),
        (
            user(Classic),
            "/bob/__permission",
            own(write),
            "---",
            Reason::Reserved,
        ),
        (
            user(Classic),
            "/__wildcardpermissions",
            NOBODY,
            "r--",
            Reason::Defaults,
        ),
        (
            user(Classic),
            "/__permission",
            NOBODY,
            "r--",
            Reason::Defaults,
        ),
        (
            user(Classic),
            "/__admin",
            own(write),
            "---",
            Reason::Reserved,
        ),
        (
            user(Classic),
            "/ada/__other",
            owned_by("ada"),
            "---",
            Reason::Reserved,
        ),
        (
            user(x()),
            "x/\"__management/ada\"",
            NOBODY,
            "rw-",
            Reason::OwnManagement,
        ),
        (
            user(x()),
            "x/\"__management/bob\"",
            open(write),
            "---",
            Reason::Reserved,
        ),
        (
            user(x()),
            "x/\"__management/\"",
            open(write),
            "---",
            Reason::Reserved,
        ),
        (
            user(x()),
            "x/\"__permission/ada\"",
            open(write),
            "r--",
            Reason::OwnPermissions,
        ),
        (
            user(x()),
            "x/\"__wildcardpermissions\"",
            open(write),
            "r--",
            Reason::Defaults,
        ),
        (
            user(x()),
            "x/\"/ada/__management\"",
            open(write),
            "rw-",
            Reason::App(Source::Open),
        ),
        (
            user(x()),
            "x/\"__other\"",
            open(write),
            "rw-",
            Reason::App(Source::Open),
        ),
        (
            user(Classic),
            "/__management/ada",
            own(write),
            "---",
            Reason::Reserved,
        ),
        // Tokens that carry rights.
        (
            bearer(Some("/a"), READ, false),
            "/a",
            NOBODY,
            "r--",
            Reason::Token,
        ),
        (
            bearer(Some("/a"), READ, false),
            "/a",
            own(write),
            "r--",
            Reason::Token,
        ),
        (
            bearer(Some("/a"), Rights::ALL, false),
            "/b",
            owned_by("ada"),
            "---",
            Reason::TokenForOtherRealm,
        ),
        (
            bearer(None, Rights::ALL, false),
            "/a",
            owned_by("ada"),
            "---",
            Reason::TokenForNoRealm,
        ),
        (
            bearer(Some("/ada/__permission"), READ, false),
            "/ada/__permission",
            NOBODY,
            "r--",
            Reason::Token,
        ),
        // Tokens that the server has made for a user give what the user has by now, and no more than they say.
        (
            bearer(Some("/a"), Rights::ALL, true),
            "/a",
            NOBODY,
            "---",
            Reason::NothingGranted,
        ),
        (
            bearer(Some("/a"), Rights::ALL, true),
            "/a",
            own(READ),
            "r--",
            Reason::OwnRow,
        ),
        (
            bearer(Some("/a"), READ, true),
            "/a",
            own(write),
            "r--",
            Reason::OwnRow,
        ),
        (
            bearer(Some("/a"), READ, true),
            "/a",
            owned_by("ada"),
            "r--",
            Reason::Owner,
        ),
        (
            bearer(Some("/a"), Rights::ALL, true),
            "/b",
            owned_by("ada"),
            "---",
            Reason::TokenForOtherRealm,
        ),
    ] {
        let decision = decide(&caller, &RealmName::from_canonical(realm), &grants);
        assert_eq!(
            (letters(decision.rights).as_str(), decision.reason),
            (rights, reason),
            "{caller:?} {realm}"
        );
    }
}

/// Every combination of flags of a row, and no row.
fn every_row() -> impl Iterator<Item = Option<Rights>> {
    let rights = |bits: u8| Rights {
        read: bits & 1 != 0,
        write: bits & 2 != 0,
        manage: bits & 4 != 0,
    };
    std::iter::once(None).chain((0..8).map(move |bits| Some(rights(bits))))
}

/// What the documentation says of rows, for a user who neither owns the Realm nor administers the server: written down as text, to be compared.
fn documented(
    own: Option<Rights>,
    offered: bool,
    common: [Option<Rights>; 2],
    rows: Rows,
) -> String {
    let text = |row: Option<Rights>| row.map(letters).unwrap_or_default();
    let own_counts = own.is_some();
    let common_counts = !own_counts || offered || rows == Rows::Add;
    let mut all = text(own);
    if common_counts {
        all += &(text(common[0]) + &text(common[1]));
    }
    let (write, manage) = (all.contains('w'), all.contains('m'));
    let read = all.contains('r') || write || manage;
    [(read, 'r'), (write, 'w'), (manage, 'm')]
        .map(|(is, letter)| if is { letter } else { '-' })
        .iter()
        .collect()
}

#[test]
fn rows_go_together_as_documented_and_schema_changes_with_them() {
    let realm = RealmName::from_canonical("x/\"p\"");
    let caller = user(app("x"));
    let mut seen = 0;
    let offers = [false, true].map(|offered| every_row().map(move |own| (own, offered)));
    for (own, offered) in offers.into_iter().flatten() {
        for default in every_row() {
            for given in every_row() {
                for rows in [Rows::Replace, Rows::Add] {
                    for schema in [SchemaRule::Write, SchemaRule::Manage, SchemaRule::Frozen] {
                        let source = given.map(|_| Source::Rule(0));
                        let grants = Grants {
                            owner: None,
                            own,
                            offered,
                            default,
                            app: (given.unwrap_or_default(), source),
                            rows,
                            schema,
                        };
                        let decision = decide(&caller, &realm, &grants);
                        let expected = documented(own, offered, [default, given], rows);
                        assert_eq!(letters(decision.rights), expected, "{grants:?}");
                        let has =
                            |letter| schema != SchemaRule::Frozen && expected.contains(letter);
                        let adds = if schema == SchemaRule::Manage {
                            'm'
                        } else {
                            'w'
                        };
                        let changes = (decision.schema.add, decision.schema.erase);
                        assert_eq!(changes, (has(adds), has('m')), "{grants:?}");
                        let granted = own.or(default).or(given).is_some();
                        assert_eq!(decision.reason != Reason::NothingGranted, granted);
                        // Owner and administrator have everything, whatever the rows say.
                        let owner = Some(caller.user.clone());
                        let owned = decide(
                            &caller,
                            &realm,
                            &Grants {
                                owner,
                                ..grants.clone()
                            },
                        );
                        assert_eq!((owned.rights, owned.reason), (Rights::ALL, Reason::Owner));
                        let all = decide(&admin(app("x")), &realm, &grants);
                        assert_eq!((all.rights, all.reason), (Rights::ALL, Reason::Admin));
                        seen += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen, 2 * 9 * 9 * 9 * 6);
}

#[test]
fn a_frozen_realm_is_frozen_for_everybody() {
    let frozen = Grants {
        schema: SchemaRule::Frozen,
        ..owned_by("ada")
    };
    for caller in [user(Endpoint::Classic), admin(Endpoint::Classic)] {
        let decision = decide(&caller, &RealmName::from_canonical("/ada/notes"), &frozen);
        assert_eq!(
            (decision.rights, decision.schema),
            (Rights::ALL, SchemaRights::default())
        );
    }
}

#[test]
fn old_sdks_make_the_class_where_they_read_their_permissions() {
    for schema in [SchemaRule::Write, SchemaRule::Manage] {
        let grants = Grants { schema, ..NOBODY };
        for realm in ["/ada/__permission", "/ada/__management"] {
            let decision = decide(
                &user(Endpoint::Classic),
                &RealmName::from_canonical(realm),
                &grants,
            );
            assert_eq!(
                decision.schema,
                SchemaRights {
                    add: true,
                    erase: false,
                    drawn: realm.ends_with("permission"),
                },
                "{realm}"
            );
        }
    }
}

#[test]
fn rows_are_shown_where_clients_look_for_them() {
    let shown = |realm: &str, user: &str| {
        let realm = RealmName::from_canonical(realm);
        let names = Reserved::mirrors(&realm, &UserId(user.into()));
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(shown("/a/b", "ada"), ["/ada/__permission", "/ada/__perm"]);
    assert_eq!(
        shown("/a/b", "*"),
        ["/__wildcardpermissions", "/__permission", "/__perm"]
    );
    assert_eq!(shown("x/\"p\"", "ada"), ["x/\"__permission/ada\""]);
    assert_eq!(shown("x/42", "*"), ["x/\"__wildcardpermissions\""]);
}
