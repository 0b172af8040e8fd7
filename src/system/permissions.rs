//! Rows of permissions: what a user, or everybody, was granted on a Realm, by whom and since when.
//!
//! A row is kept as it was sent. Whoever owns a Realm has a row from the beginning, for those who list them; it is never changed, for the owner's rights do not
//! depend on it.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::users::{seconds, user_id};
use super::{System, SystemError};
use crate::access::Rights;
use crate::ident::{RealmName, UnixTime, UserId};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Names the row in the Realms that show it; never used again.
    pub id: u64,
    /// On which Realm.
    pub realm: RealmName,
    /// To whom; `*` is everybody.
    pub user: UserId,
    /// What, as it was sent: what one right implies is not added.
    pub rights: Rights,
    /// When it was last changed.
    pub changed: UnixTime,
    /// Who has changed it last.
    pub changed_by: UserId,
    /// How it came about.
    pub origin: Origin,
}

/// How a row came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The Realm was made in its owner's home.
    Owner,
    /// Somebody who may has changed permissions.
    Change,
    /// An offer was accepted where there was no row. It adds to what everybody has.
    Offer,
}

impl Origin {
    const NAMES: [(&'static str, Origin); 3] = [
        ("owner", Origin::Owner),
        ("change", Origin::Change),
        ("offer", Origin::Offer),
    ];

    /// The name in the database and in output.
    pub fn name(self) -> &'static str {
        Origin::NAMES[self as usize].0
    }

    fn named(name: &str) -> Origin {
        let known = Origin::NAMES.iter().find(|(known, _)| *known == name);
        known.map_or(Origin::Change, |(_, origin)| *origin)
    }
}

/// Flags as they are asked for; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `mayRead`
    pub read: Option<bool>,
    /// `mayWrite`
    pub write: Option<bool>,
    /// `mayManage`
    pub manage: Option<bool>,
}

impl Flags {
    /// These rights and no others.
    pub fn exactly(rights: Rights) -> Flags {
        Flags {
            read: Some(rights.read),
            write: Some(rights.write),
            manage: Some(rights.manage),
        }
    }

    /// These rights beside those that are there.
    pub fn adding(rights: Rights) -> Flags {
        Flags {
            read: rights.read.then_some(true),
            write: rights.write.then_some(true),
            manage: rights.manage.then_some(true),
        }
    }

    /// The rights as they become.
    pub fn over(self, rights: Rights) -> Rights {
        Rights {
            read: self.read.unwrap_or(rights.read),
            write: self.write.unwrap_or(rights.write),
            manage: self.manage.unwrap_or(rights.manage),
        }
    }
}

const SELECT: &str = "SELECT id, realm, user, may_read, may_write, may_manage, changed, changed_by, origin FROM permissions";

/// The row of a user on a Realm.
pub(super) fn find(
    tx: &Transaction<'_>,
    realm: &RealmName,
    user: &UserId,
) -> Result<Option<Permission>, SystemError> {
    let found = tx
        .prepare_cached(&format!("{SELECT} WHERE realm = ?1 AND user = ?2"))?
        .query_row(params![realm.as_str(), &*user.0], row);
    Ok(found.optional()?)
}

/// A change that is about to be made.
pub(super) struct Change<'a> {
    pub realm: &'a RealmName,
    pub user: &'a UserId,
    pub flags: Flags,
    pub now: UnixTime,
    pub by: &'a UserId,
    pub origin: Origin,
}

/// Makes a change: flags that are not given stay, a row without any right is removed. The row before and after it; the same if nothing is to be changed.
pub(super) fn change(
    tx: &Transaction<'_>,
    change: &Change<'_>,
) -> Result<(Option<Permission>, Option<Permission>), SystemError> {
    let before = find(tx, change.realm, change.user)?;
    let rights = change
        .flags
        .over(before.as_ref().map(|row| row.rights).unwrap_or_default());
    let is_same = |row: &Permission| row.rights == rights && row.origin == change.origin;
    if before.as_ref().map_or(rights.is_empty(), is_same) {
        return Ok((before.clone(), before));
    }
    if rights.is_empty() {
        tx.prepare_cached("DELETE FROM permissions WHERE realm = ?1 AND user = ?2")?
            .execute(params![change.realm.as_str(), &*change.user.0])?;
        return Ok((before, None));
    }
    let sql = "INSERT INTO permissions (realm, user, may_read, may_write, may_manage, changed, changed_by, origin)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT (realm, user) DO UPDATE SET may_read = ?3, may_write = ?4, may_manage = ?5, changed = ?6, changed_by = ?7, origin = ?8";
    tx.prepare_cached(sql)?.execute(params![
        change.realm.as_str(),
        &*change.user.0,
        rights.read,
        rights.write,
        rights.manage,
        seconds(change.now),
        &*change.by.0,
        change.origin.name()
    ])?;
    let after = find(tx, change.realm, change.user)?;
    Ok((before, after))
}

/// The rows of one user, or of everybody, by Realm.
pub(super) fn of_user(tx: &Transaction<'_>, user: &UserId) -> Result<Vec<Permission>, SystemError> {
    all(tx, "WHERE user = ?1 ORDER BY realm", &user.0)
}

/// The rows on one Realm, by user.
pub(super) fn on_realm(
    tx: &Transaction<'_>,
    realm: &RealmName,
) -> Result<Vec<Permission>, SystemError> {
    all(tx, "WHERE realm = ?1 ORDER BY user", realm.as_str())
}

/// The rows on all Realms of an owner.
pub(super) fn on_realms_of(
    tx: &Transaction<'_>,
    owner: &UserId,
) -> Result<Vec<Permission>, SystemError> {
    let which = "WHERE realm IN (SELECT name FROM realms WHERE owner = ?1) ORDER BY realm, user";
    all(tx, which, &owner.0)
}

/// All rows.
pub(super) fn all_rows(tx: &Transaction<'_>) -> Result<Vec<Permission>, SystemError> {
    all(tx, "WHERE realm >= ?1 ORDER BY realm, user", "")
}

/// Those that a condition on one value picks.
pub(super) fn all(
    tx: &Transaction<'_>,
    which: &str,
    value: &str,
) -> Result<Vec<Permission>, SystemError> {
    let mut statement = tx.prepare_cached(&format!("{SELECT} {which}"))?;
    let rows = statement.query_map([value], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Permission> {
    let number = |at| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or_default())
    };
    Ok(Permission {
        id: number(0)?,
        realm: RealmName::from_canonical(row.get::<_, String>(1)?),
        user: user_id(row.get(2)?),
        rights: Rights {
            read: row.get(3)?,
            write: row.get(4)?,
            manage: row.get(5)?,
        },
        changed: UnixTime(number(6)?),
        changed_by: user_id(row.get(7)?),
        origin: Origin::named(&row.get::<_, String>(8)?),
    })
}

impl System {
    /// The rows of one user, or of everybody (`*`), by Realm.
    pub fn permissions_of(&self, user: &UserId) -> Result<Vec<Permission>, SystemError> {
        self.admin.read(|tx| of_user(tx, user))
    }

    /// The rows on one Realm, by user.
    pub fn permissions_on(&self, realm: &RealmName) -> Result<Vec<Permission>, SystemError> {
        self.admin.read(|tx| on_realm(tx, realm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Caller, Endpoint, Everyone, Reason};
    use crate::system::tests::Fixture;

    const NOW: UnixTime = UnixTime(1_000_000);

    fn id(user: &str) -> UserId {
        UserId(user.into())
    }

    fn caller(user: &str) -> Caller {
        Caller {
            endpoint: Endpoint::Classic,
            user: id(user),
            admin: false,
            token: None,
            expires_at: None,
            issued_at: None,
            login: None,
        }
    }

    /// Ada's Realm `/ada/notes`, listed.
    fn notes() -> (Fixture, RealmName) {
        let fixture = Fixture::new(crate::config::App::default());
        let realm = RealmName::from_canonical("/ada/notes");
        let ada = caller("ada");
        assert!(fixture.system.register_realm(&realm, &ada, NOW).unwrap());
        (fixture, realm)
    }

    fn set(system: &System, realm: &RealmName, user: &str, flags: Flags, now: UnixTime) {
        let change = Change {
            realm,
            user: &id(user),
            flags,
            now,
            by: &id("ada"),
            origin: Origin::Change,
        };
        system.change(now, |book| book.change(&change)).unwrap();
    }

    fn rights(read: bool, write: bool, manage: bool) -> Rights {
        Rights {
            read,
            write,
            manage,
        }
    }

    fn flags(read: Option<bool>, write: Option<bool>, manage: Option<bool>) -> Flags {
        Flags {
            read,
            write,
            manage,
        }
    }

    #[test]
    fn rows_are_kept_as_sent_and_decide() {
        let (fixture, realm) = notes();
        let system = &fixture.system;
        let decided = |user: &str| {
            let decision = system.decide(&caller(user), &realm, NOW).unwrap();
            (decision.rights, decision.reason)
        };
        assert_eq!(decided("bob"), (Rights::NONE, Reason::NothingGranted));
        set(system, &realm, "bob", flags(None, Some(true), None), NOW);
        let write = Rights {
            write: true,
            ..Rights::NONE
        };
        let rows = system.permissions_of(&id("bob")).unwrap();
        assert_eq!(
            (rows[0].rights, &rows[0].realm, rows[0].changed),
            (write, &realm, NOW)
        );
        assert_eq!(decided("bob"), (write.with_implied_read(), Reason::OwnRow));
        assert_eq!(decided("ada").1, Reason::Owner);

        // What everybody has is replaced by an own row, and comes back without it.
        set(system, &realm, "*", flags(Some(true), None, None), NOW);
        assert_eq!(decided("eve").1, Reason::DefaultRow);
        assert_eq!(decided("bob").1, Reason::OwnRow);
        set(system, &realm, "bob", Flags::exactly(Rights::NONE), NOW);
        assert_eq!(decided("bob").1, Reason::DefaultRow);
        assert_eq!(system.permissions_of(&id("bob")).unwrap(), []);
    }

    #[test]
    fn flags_that_are_not_given_stay_and_a_row_keeps_its_id_until_it_is_removed() {
        let (fixture, realm) = notes();
        let system = &fixture.system;
        let row = || system.permissions_of(&id("bob")).unwrap().pop();
        set(
            system,
            &realm,
            "bob",
            flags(Some(true), Some(true), None),
            NOW,
        );
        let first = row().unwrap();
        set(
            system,
            &realm,
            "bob",
            flags(None, Some(false), Some(true)),
            NOW.after(1),
        );
        let second = row().unwrap();
        assert_eq!((second.id, second.changed), (first.id, NOW.after(1)));
        let expected = Rights {
            read: true,
            write: false,
            manage: true,
        };
        assert_eq!(second.rights, expected);
        set(
            system,
            &realm,
            "bob",
            flags(Some(false), None, Some(false)),
            NOW,
        );
        assert_eq!(row(), None);
        set(system, &realm, "bob", flags(Some(true), None, None), NOW);
        assert!(row().unwrap().id > second.id);
    }

    #[test]
    fn what_is_so_already_is_not_shown_again() {
        let (fixture, realm) = notes();
        let system = &fixture.system;
        let shown = RealmName::from_canonical("/bob/__permission");
        assert!(system.fill_mirror(&shown, NOW).unwrap());
        let effects = || system.effects(0, 1000).unwrap().len();
        let before = effects();
        set(system, &realm, "bob", Flags::exactly(Rights::ALL), NOW);
        assert_eq!(effects(), before + 1);
        set(system, &realm, "bob", Flags::exactly(Rights::ALL), NOW);
        set(system, &realm, "eve", Flags::exactly(Rights::NONE), NOW);
        assert_eq!(effects(), before + 1);
    }

    #[test]
    fn an_offer_adds_to_what_everybody_has_and_does_not_make_that_last() {
        let (fixture, realm) = notes();
        let system = &fixture.system;
        let request = |user: &str, ask| {
            let moment = fixture.moment(NOW);
            let reply = system.request(&Endpoint::Classic, &id(user), ask, &moment);
            reply.unwrap()
        };
        let offer = request(
            "ada",
            crate::system::Ask::Offer {
                url: "/ada/notes".into(),
                rights: rights(true, false, false),
                expires: None,
            },
        );
        let token = offer.token.unwrap();
        let accept = |user: &str| {
            let token = token.clone();
            assert_eq!(
                request(user, crate::system::Ask::Response { token }).code,
                0
            );
        };
        let decided = |user: &str| {
            let decision = system.decide(&caller(user), &realm, NOW).unwrap();
            (decision.rights, decision.reason)
        };
        let (read, write) = (rights(true, false, false), rights(true, true, false));
        set(system, &realm, "*", Flags::exactly(write), NOW);
        accept("bob");
        assert_eq!(decided("bob"), (write, Reason::BothRows));
        set(system, &realm, "*", Flags::exactly(Rights::NONE), NOW);
        assert_eq!(decided("bob"), (read, Reason::OwnRow));

        // Who was kept to less than everybody has gets what is offered, and no more.
        set(system, &realm, "*", Flags::exactly(Rights::ALL), NOW);
        let manage = rights(false, false, true);
        set(system, &realm, "eve", Flags::exactly(manage), NOW);
        accept("eve");
        assert_eq!(decided("eve"), (rights(true, false, true), Reason::OwnRow));
        // What somebody says of him replaces, as it always does.
        set(system, &realm, "bob", Flags::exactly(read), NOW);
        assert_eq!(decided("bob"), (read, Reason::OwnRow));
    }

    /// 600 Realms of ada's.
    fn many() -> Fixture {
        let (fixture, _) = notes();
        let ada = caller("ada");
        for number in 0..600 {
            let realm = RealmName::from_canonical(format!("/ada/{number}"));
            fixture.system.register_realm(&realm, &ada, NOW).unwrap();
        }
        fixture
    }

    #[test]
    fn one_request_changes_only_so_much_and_else_nothing() {
        let fixture = many();
        let system = &fixture.system;
        let ask = |team: &str| {
            let ask = crate::system::Ask::Change {
                user: String::new(),
                metadata: Some(("team".into(), team.into())),
                url: "*".into(),
                flags: Flags::exactly(Rights::ALL),
            };
            let moment = fixture.moment(NOW);
            let reply = system.request(&Endpoint::Classic, &id("ada"), ask, &moment);
            reply.unwrap().code
        };
        let member = |name: String, team: &str| {
            let sql = "INSERT INTO users (id, app, created, custom) VALUES (?1, 'classic', 0, ?2)";
            let custom = format!(r#"{{"team":"{team}"}}"#);
            system
                .change(NOW, |book| Ok(book.tx.execute(sql, [name, custom])?))
                .unwrap();
        };
        (0..20).for_each(|number| member(format!("blue{number}"), "blue"));
        member("red".into(), "red");
        assert_eq!(ask("blue"), 601, "12,000 rows");
        assert_eq!(system.permissions_of(&id("blue0")).unwrap(), []);
        assert_eq!(ask("red"), 0);
        assert_eq!(system.permissions_of(&id("red")).unwrap().len(), 601);
    }

    #[test]
    fn one_transaction_answers_only_so_much() {
        let fixture = many();
        let system = &fixture.system;
        let request = |number| crate::system::requests::Request {
            class: crate::system::requests::Class::Change,
            key: crate::changeset::Key::Int(number),
            ask: crate::system::Ask::Change {
                user: "*".into(),
                metadata: None,
                url: "*".into(),
                flags: Flags::exactly(Rights::ALL),
            },
            updated: None,
        };
        let found = || crate::system::Found {
            requests: (0..5).map(request).collect(),
            looked: crate::system::Place {
                version: crate::ident::ServerVersion(7),
                instructions: 3,
            },
            ..crate::system::Found::default()
        };
        let management = RealmName::from_canonical("/ada/__management");
        let of_bob = RealmName::from_canonical("/bob/__management");
        let found = [(management.clone(), found()), (of_bob, found())];
        let answer = |found| system.answer(found, &fixture.moment(NOW)).unwrap();
        assert_eq!(answer(&found[..]), [false], "two of hers, and none of his");
        // The answers to those two are one effect; until the third is answered, the place stays.
        let mut effects = system.effects(0, 1000).unwrap();
        effects.retain(|effect| effect.realm != crate::system::list_of_realms());
        assert_eq!(effects.len(), 1);
        system.carried_out(&[effects[0].number]).unwrap();
        assert_eq!(system.looked_at(&management).unwrap(), Some(<_>::default()));
        assert_eq!(answer(&found[1..]), [true], "he owns nothing");
    }

    #[test]
    fn an_owner_has_a_row_from_the_beginning() {
        let (fixture, realm) = notes();
        let rows = fixture.system.permissions_on(&realm).unwrap();
        let [row] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(
            (&row.user, row.rights, row.origin),
            (&id("ada"), Rights::ALL, Origin::Owner)
        );
    }

    #[test]
    fn a_request_without_a_row_is_carried_out_like_one_with_it() {
        let (fixture, realm) = notes();
        let system = &fixture.system;
        let ask = |user: &str, grantee: &str| {
            let ask = crate::system::Ask::Change {
                user: grantee.into(),
                metadata: None,
                url: "/ada/notes".into(),
                flags: Flags::exactly(Rights::ALL),
            };
            let moment = fixture.moment(NOW);
            let reply = system.request(&Endpoint::Classic, &id(user), ask, &moment);
            reply.unwrap().code
        };
        assert_eq!(ask("ada", "nobody"), 601);
        assert_eq!(ask("eve", "*"), 614);
        assert_eq!(ask("ada", "*"), 0);
        let rows = system.permissions_on(&realm).unwrap();
        let of_all = rows.iter().find(|row| Everyone::is(&row.user)).unwrap();
        assert_eq!(
            (of_all.rights, &of_all.changed_by),
            (Rights::ALL, &id("ada"))
        );
    }

    #[test]
    fn a_user_that_is_gone_leaves_no_row() {
        let fixture = Fixture::new(crate::system::tests::open());
        let signed_in = fixture.anonymous();
        let realm = RealmName::from_canonical("x/\"p\"");
        let endpoint = Endpoint::App(crate::ident::AppId::parse("x").unwrap());
        let caller = fixture
            .system
            .authorize(&endpoint, &signed_in.access_token, NOW)
            .unwrap();
        fixture.system.register_realm(&realm, &caller, NOW).unwrap();
        let user = signed_in.user.to_string();
        let all = Flags::exactly(Rights::ALL);
        set(&fixture.system, &realm, &user, all, NOW);
        assert_eq!(fixture.system.permissions_on(&realm).unwrap().len(), 1);
        fixture
            .system
            .delete_user(&signed_in.access_token, NOW)
            .unwrap();
        assert_eq!(fixture.system.permissions_on(&realm).unwrap(), []);
    }
}
