use std::path::Path;

use super::*;
use crate::access::{Caller, Endpoint, Reason, Rights};
use crate::auth::tests::pair;
use crate::auth::{ClassicToken, KeyPair};
use crate::config::{Apps, Lifetimes};
use crate::ident::RealmName;
use crate::secret::Secret;

const NOW: UnixTime = UnixTime(1_000_000);

fn app() -> AppId {
    AppId::parse("x").unwrap()
}

pub fn open() -> App {
    App {
        anonymous: true,
        password: true,
        api_key: true,
        registration: true,
        read: true,
        write: true,
        lifetimes: Lifetimes {
            access: 60,
            refresh: 600,
        },
        ..App::default()
    }
}

fn keys() -> KeyPair {
    KeyPair::from_pem(&pair().private_pem().unwrap()).unwrap()
}

/// A system below `root` that has the app `x` with these rules, and no other.
pub fn system_at(root: &Path, rules: App) -> System {
    let mut settings = Settings::dev(root);
    settings.apps = Apps {
        named: [(app(), rules)].into(),
        any: None,
    };
    System::open(Arc::new(settings), keys()).unwrap()
}

pub struct Fixture {
    pub system: System,
    drawn: std::cell::Cell<u8>,
    root: tempfile::TempDir,
}

impl Fixture {
    pub fn new(rules: App) -> Fixture {
        let root = tempfile::tempdir().unwrap();
        Fixture {
            system: system_at(root.path(), rules),
            drawn: Default::default(),
            root,
        }
    }

    pub fn moment(&self, now: UnixTime) -> Moment {
        self.drawn.set(self.drawn.get() + 1);
        let mut random = [0; 64];
        random.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at);
        (0..4).for_each(|id| random[id * 12] = self.drawn.get());
        Moment { now, random }
    }

    pub fn anonymous(&self) -> SignedIn {
        self.system
            .sign_in_anonymous(&app(), None, &self.moment(NOW))
            .unwrap()
    }

    fn register(&self, email: &str, password: &str) -> Result<UserId, SystemError> {
        self.system
            .register(&app(), email, &Secret::new(password), &self.moment(NOW))
    }

    fn password(&self, email: &str, password: &str) -> Result<SignedIn, SystemError> {
        self.system.sign_in_password(
            &app(),
            email,
            &Secret::new(password),
            None,
            &self.moment(NOW),
        )
    }

    fn authorize(&self, token: &Secret, now: UnixTime) -> Result<Caller, Refusal> {
        self.system.authorize(&Endpoint::App(app()), token, now)
    }
}

fn is_unauthorized<T: std::fmt::Debug>(result: Result<T, Refusal>) -> bool {
    matches!(result, Err(Refusal::Unauthorized(_)))
}

#[test]
fn an_anonymous_user_comes_in_until_the_token_ends() {
    let fixture = Fixture::new(open());
    let signed_in = fixture.anonymous();
    let caller = fixture
        .authorize(&signed_in.access_token, NOW.after(60))
        .unwrap();
    assert_eq!(
        (caller.user.clone(), caller.expires_at, caller.admin),
        (signed_in.user.clone(), Some(NOW.after(60)), false)
    );
    assert!(is_unauthorized(
        fixture.authorize(&signed_in.access_token, NOW.after(61))
    ));
    assert!(is_unauthorized(
        fixture.authorize(&signed_in.refresh_token, NOW)
    ));
    assert!(is_unauthorized(fixture.authorize(&Secret::new(""), NOW)));

    let profile = fixture
        .system
        .profile(&signed_in.access_token, NOW)
        .unwrap();
    assert_eq!(
        (profile.user, profile.email),
        (signed_in.user.clone(), None)
    );
    assert_eq!(
        profile
            .identities
            .iter()
            .map(|identity| identity.provider)
            .collect::<Vec<_>>(),
        [Provider::Anonymous]
    );
    assert_eq!(
        (signed_in.user.to_string().len(), signed_in.device.len()),
        (24, 24)
    );
}

#[test]
fn a_refresh_token_gets_access_tokens_until_the_login_ends() {
    let fixture = Fixture::new(open());
    let SignedIn { refresh_token, .. } = fixture.anonymous();
    let access = fixture
        .system
        .refresh(&refresh_token, NOW.after(590))
        .unwrap();
    let caller = fixture.authorize(&access, NOW.after(595)).unwrap();
    assert_eq!(
        caller.expires_at,
        Some(NOW.after(600)),
        "an access token does not outlive its login"
    );
    assert!(matches!(
        fixture.system.refresh(&refresh_token, NOW.after(601)),
        Err(SystemError::Token(TokenError::Expired))
    ));
    assert!(matches!(
        fixture.system.refresh(&access, NOW.after(590)),
        Err(SystemError::Token(TokenError::Kind))
    ));
}

#[test]
fn logging_out_ends_both_tokens_at_once_and_no_other_login() {
    let fixture = Fixture::new(open());
    fixture.register("ada@example.com", "a secret").unwrap();
    let (one, other) = (
        fixture.password("ada@example.com", "a secret").unwrap(),
        fixture.password("ada@example.com", "a secret").unwrap(),
    );
    let caller = fixture.authorize(&one.access_token, NOW).unwrap();
    let ended = fixture.system.log_out(&one.refresh_token, NOW).unwrap();
    assert_eq!(caller.login.as_ref(), Some(&ended));
    assert!(is_unauthorized(fixture.authorize(&one.access_token, NOW)));
    assert!(matches!(
        fixture.system.refresh(&one.refresh_token, NOW),
        Err(SystemError::LoginEnded)
    ));
    assert!(matches!(
        fixture.system.log_out(&one.refresh_token, NOW),
        Err(SystemError::LoginEnded)
    ));
    fixture.authorize(&other.access_token, NOW).unwrap();

    // Whoever came in before is given no further Realm.
    let realm = realm_name(&caller.endpoint, &caller.user, b"\"p\"").unwrap();
    let decision = fixture.system.decide(&caller, &realm, NOW).unwrap();
    assert_eq!(
        (decision.rights, decision.reason),
        (Rights::NONE, Reason::LoginEnded)
    );
}

#[test]
fn passwords_open_only_their_own_account() {
    let fixture = Fixture::new(open());
    let user = fixture.register("Ada@example.com", "a secret").unwrap();
    assert_eq!(
        fixture
            .password("ada@EXAMPLE.com", "a secret")
            .unwrap()
            .user,
        user
    );
    for (name, password) in [
        ("ada@example.com", "Secret"),
        ("ada@example.com", ""),
        ("bob@example.com", "a secret"),
        ("", ""),
    ] {
        assert!(
            matches!(
                fixture.password(name, password),
                Err(SystemError::WrongPassword)
            ),
            "{name} {password}"
        );
    }
    let token = fixture
        .password("ada@example.com", "a secret")
        .unwrap()
        .access_token;
    assert_eq!(
        fixture
            .system
            .profile(&token, NOW)
            .unwrap()
            .email
            .as_deref(),
        Some("Ada@example.com")
    );
}

#[test]
fn registration_checks_what_it_is_given() {
    let fixture = Fixture::new(open());
    fixture.register("ada@example.com", "a secret").unwrap();
    assert!(matches!(
        fixture.register("ADA@example.com", "other-secret"),
        Err(SystemError::NameInUse)
    ));
    for email in [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a da@example.com",
        "ada@example.com\n",
        &format!("{}@example.com", "a".repeat(320)),
    ] {
        assert!(
            matches!(
                fixture.register(email, "a secret"),
                Err(SystemError::BadEmail)
            ),
            "{email:?}"
        );
    }
    for password in [
        "",
        "1234567",
        "Password1",
        &"x".repeat(129),
        "Bob@example.com",
    ] {
        assert!(
            matches!(
                fixture.register("bob@example.com", password),
                Err(SystemError::BadPassword(_))
            ),
            "{password}"
        );
    }
    fixture.register("bob@example.com", "äöüäöüäö").unwrap();
}

#[test]
fn an_app_that_opens_nothing_lets_nobody_in() {
    let fixture = Fixture::new(App::default());
    let anonymous = fixture
        .system
        .sign_in_anonymous(&app(), None, &fixture.moment(NOW));
    assert!(matches!(
        anonymous,
        Err(SystemError::NoSuchProvider(Provider::Anonymous))
    ));
    assert!(matches!(
        fixture.password("a@b", "a secret"),
        Err(SystemError::NoSuchProvider(Provider::Password))
    ));
    assert!(matches!(
        fixture.register("a@b", "a secret"),
        Err(SystemError::NoSuchProvider(Provider::Password))
    ));
    let closed = Fixture::new(App {
        registration: false,
        ..open()
    });
    assert!(matches!(
        closed.register("a@b", "a secret"),
        Err(SystemError::RegistrationClosed)
    ));
}

#[test]
fn a_user_that_is_gone_or_disabled_stays_out() {
    let fixture = Fixture::new(open());
    let user = fixture.register("ada@example.com", "a secret").unwrap();
    let before = fixture.password("ada@example.com", "a secret").unwrap();
    assert_eq!(fixture.system.set_disabled(&user, true).unwrap().len(), 1);
    assert!(is_unauthorized(
        fixture.authorize(&before.access_token, NOW)
    ));
    assert!(matches!(
        fixture.password("ada@example.com", "a secret"),
        Err(SystemError::UserDisabled)
    ));
    assert!(matches!(
        fixture.password("ada@example.com", "wrong"),
        Err(SystemError::WrongPassword)
    ));
    fixture.system.set_disabled(&user, false).unwrap();

    let again = fixture.password("ada@example.com", "a secret").unwrap();
    assert_eq!(
        fixture
            .system
            .delete_user(&again.access_token, NOW)
            .unwrap()
            .len(),
        1
    );
    assert!(is_unauthorized(fixture.authorize(&again.access_token, NOW)));
    assert!(matches!(
        fixture.system.refresh(&again.refresh_token, NOW),
        Err(SystemError::LoginEnded)
    ));
    assert!(matches!(
        fixture.password("ada@example.com", "a secret"),
        Err(SystemError::WrongPassword)
    ));
    fixture.register("ada@example.com", "a secret").unwrap();
}

#[test]
fn tokens_are_for_one_app() {
    let root = tempfile::tempdir().unwrap();
    let settings = Arc::new(Settings::dev(root.path()));
    let system = System::open(settings, keys()).unwrap();
    let fixture = Fixture {
        system,
        drawn: Default::default(),
        root,
    };
    let token = fixture.anonymous().access_token;
    let other = Endpoint::App(AppId::parse("y").unwrap());
    assert!(is_unauthorized(
        fixture.system.authorize(&other, &token, NOW)
    ));
    assert!(is_unauthorized(fixture.system.authorize(
        &Endpoint::Classic,
        &token,
        NOW
    )));
}

#[test]
fn an_app_that_the_configuration_no_longer_names_is_gone() {
    let fixture = Fixture::new(open());
    let SignedIn {
        access_token,
        refresh_token,
        ..
    } = fixture.anonymous();
    let mut settings = Settings::dev(fixture.root.path());
    settings.apps = Apps::default();
    let system = System::open(Arc::new(settings), keys()).unwrap();
    assert!(matches!(
        system.authorize(&Endpoint::App(app()), &access_token, NOW),
        Err(Refusal::NoSuchApp(_))
    ));
    // Not 401: the client would log its user out for what may be a slip of the operator.
    assert!(matches!(
        system.refresh(&refresh_token, NOW),
        Err(SystemError::NoSuchApp(_))
    ));
}

#[test]
fn everything_is_there_after_a_restart() {
    let Fixture {
        system,
        drawn,
        root,
    } = Fixture::new(open());
    let fixture = Fixture {
        system,
        drawn,
        root,
    };
    fixture.register("ada@example.com", "a secret").unwrap();
    let SignedIn { access_token, .. } = fixture.password("ada@example.com", "a secret").unwrap();
    let Fixture {
        system,
        drawn,
        root,
    } = fixture;
    drop(system);
    let fixture = Fixture {
        system: system_at(root.path(), open()),
        drawn,
        root,
    };
    fixture.authorize(&access_token, NOW).unwrap();
    fixture.password("ada@example.com", "a secret").unwrap();
}

#[test]
fn passwords_and_tokens_are_not_in_the_database() {
    let fixture = Fixture::new(open());
    fixture
        .register("ada@example.com", "a-secret-password")
        .unwrap();
    let signed_in = fixture
        .password("ada@example.com", "a-secret-password")
        .unwrap();
    for entry in std::fs::read_dir(fixture.root.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [
            "a-secret-password",
            signed_in.access_token.reveal(),
            signed_in.refresh_token.reveal(),
        ] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            );
        }
    }
}

#[test]
fn logins_that_are_over_do_not_pile_up() {
    let fixture = Fixture::new(open());
    (0..5).for_each(|_| drop(fixture.anonymous()));
    fixture
        .system
        .sign_in_anonymous(&app(), None, &fixture.moment(NOW.after(601)))
        .unwrap();
    let count: i64 = fixture
        .system
        .admin
        .read(|tx| {
            Ok::<_, SystemError>(tx.query_row("SELECT count(*) FROM logins", [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(count, 1);
}

#[test]
fn the_admin_token_opens_both_endpoints() {
    let fixture = Fixture::new(App::default());
    let token = ClassicToken::admin(&keys());
    for endpoint in [Endpoint::Classic, Endpoint::App(app())] {
        let caller = fixture.system.authorize(&endpoint, &token, NOW).unwrap();
        assert!(caller.admin && caller.expires_at.is_none() && caller.login.is_some());
        let name: &[u8] = if endpoint == Endpoint::Classic {
            b"/ada/notes"
        } else {
            b"\"p\""
        };
        let realm = realm_name(&endpoint, &caller.user, name).unwrap();
        assert_eq!(
            fixture.system.decide(&caller, &realm, NOW).unwrap().rights,
            Rights::ALL
        );
    }
    let unknown = Endpoint::App(AppId::parse("y").unwrap());
    assert!(matches!(
        fixture.system.authorize(&unknown, &token, NOW),
        Err(Refusal::NoSuchApp(_))
    ));
}

/// A classic token with these claims, signed by the server.
fn classic(claims: &str) -> Secret {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    let signature = BASE64_STANDARD.encode(pair().sign(claims.as_bytes()));
    Secret::new(format!("{}:{signature}", BASE64_STANDARD.encode(claims)))
}

#[test]
fn classic_tokens_open_what_they_name() {
    let fixture = Fixture::new(App::default());
    let authorize = |claims: &str| {
        fixture
            .system
            .authorize(&Endpoint::Classic, &classic(claims), NOW)
    };
    let caller = authorize(
        r#"{"identity":"ada","access":["download"],"path":"/ada/notes","expires":1000000}"#,
    )
    .unwrap();
    let rights = |path: &str| {
        fixture
            .system
            .decide(&caller, &RealmName::from_canonical(path), NOW)
            .unwrap()
            .rights
    };
    assert_eq!(
        rights("/ada/notes"),
        Rights {
            read: true,
            write: false,
            manage: false
        }
    );
    assert_eq!(rights("/ada/other"), Rights::NONE);

    for claims in [
        "{}",
        r#"{"access":["download"]}"#,
        r#"{"identity":"ada","expires":999999}"#,
        r#"{"identity":"ada","access":["refresh"]}"#,
        r#"{"identity":"__admin","access":["refresh"]}"#,
        r#"{"identity":"ada","path":"/ada/notes"}"#,
        r#"{"identity":"__admin","path":"/ada/notes"}"#,
    ] {
        assert!(is_unauthorized(authorize(claims)), "{claims}");
    }
    let not_admin =
        classic(r#"{"identity":"ada","admin":true,"access":["download","upload","manage"]}"#);
    assert!(
        !fixture
            .system
            .authorize(&Endpoint::Classic, &not_admin, NOW)
            .unwrap()
            .admin
    );
    assert!(
        is_unauthorized(fixture.authorize(&not_admin, NOW)),
        "only an administrator's token is taken at an app's endpoint"
    );
}

#[test]
fn realms_are_listed_once_with_their_owner() {
    let fixture = Fixture::new(open());
    let sql = "INSERT INTO users (id, app, created) VALUES ('ada', 'classic', 0)";
    let made = fixture.system.write(|tx| Ok(tx.execute(sql, [])?));
    assert_eq!(made.unwrap(), 1);
    let ada = fixture
        .system
        .authorize(&Endpoint::Classic, &classic(r#"{"identity":"ada"}"#), NOW)
        .unwrap();
    let admin = fixture
        .system
        .authorize(&Endpoint::Classic, &ClassicToken::admin(&keys()), NOW)
        .unwrap();
    let (home, global) = (
        RealmName::from_canonical("/ada/notes"),
        RealmName::from_canonical("/shared"),
    );
    for caller in [&admin, &ada] {
        for realm in [&home, &global] {
            let new = fixture.system.register_realm(realm, caller, NOW).unwrap();
            assert_eq!(new, caller.admin);
        }
    }
    let mut listed = Vec::new();
    let each = fixture.system.each_realm(|page| {
        listed.extend_from_slice(page);
        Ok::<_, SystemError>(())
    });
    each.unwrap();
    assert_eq!(listed, [(home.clone(), NOW), (global.clone(), NOW)]);
    let reason = |realm| fixture.system.decide(&ada, realm, NOW).unwrap().reason;
    assert_eq!(
        (reason(&home), reason(&global)),
        (Reason::Owner, Reason::NothingGranted)
    );
}
