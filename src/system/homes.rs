//! Whose a virtual path is. Settled when the Realm is listed, and a fact of it from then on.
//!
//! The first of several segments is the home of one user or a folder of Realms that belong to nobody, never both: a user of that id who comes later would own
//! what an administrator has made for all.

use rusqlite::{OptionalExtension, Transaction, params};

use super::classic::CLASSIC;
use super::permissions::{self, Origin};
use super::users::{self, user_id};
use super::{System, SystemError, mirrors};
use crate::access::Reserved;
use crate::ident::{RealmName, UnixTime, UserId};

/// Who owns a Realm that is not listed yet, if `maker` makes it.
///
/// That is the user in whose home it lies: there is such a user, or there are Realms of this id already, or it is `maker`, whose token may be all that there is of it. Where
/// there are Realms that belong to nobody, more of them belong to nobody. A user also owns the Realms that the server makes for it.
pub(super) fn owner_of_new(
    tx: &Transaction<'_>,
    realm: &RealmName,
    maker: &UserId,
) -> Result<Option<UserId>, SystemError> {
    if let Some(Reserved::Management(user) | Reserved::Permissions(user)) = Reserved::of(realm) {
        return Ok((!user.is_reserved()).then_some(user));
    }
    let Some(home) = first_segment(realm).filter(|home| !home.is_reserved()) else {
        return Ok(None);
    };
    if users::is_of(tx, CLASSIC, &home)? {
        return Ok(Some(home));
    }
    if is_shared(tx, &home)? {
        return Ok(None);
    }
    let is_home = home == *maker || has_realms(tx, &home)?;
    Ok(is_home.then_some(home))
}

/// Refuses an id for a new user of an app, if Realms of that first segment belong to nobody.
pub(super) fn check_id(tx: &Transaction<'_>, app: &str, id: &UserId) -> Result<(), SystemError> {
    if app == CLASSIC && is_shared(tx, id)? {
        return Err(SystemError::IdOfRealms(id.clone()));
    }
    Ok(())
}

/// The first of at least two segments of a virtual path.
fn first_segment(realm: &RealmName) -> Option<UserId> {
    let (first, _) = realm.as_str().strip_prefix('/')?.split_once('/')?;
    Some(user_id(first.to_owned()))
}

/// Whether there are Realms below this first segment that belong to nobody.
fn is_shared(tx: &Transaction<'_>, home: &UserId) -> Result<bool, SystemError> {
    is_below(
        tx,
        "SELECT 1 FROM realms WHERE name > ?1 AND name < ?2 AND owner IS NULL LIMIT 1",
        home,
    )
}

/// Whether there are Realms below this first segment that belong to whoever has it as id.
fn has_realms(tx: &Transaction<'_>, home: &UserId) -> Result<bool, SystemError> {
    is_below(
        tx,
        "SELECT 1 FROM realms WHERE name > ?1 AND name < ?2 AND owner IS NOT NULL LIMIT 1",
        home,
    )
}

fn is_below(tx: &Transaction<'_>, sql: &str, home: &UserId) -> Result<bool, SystemError> {
    // What begins with `/home/` lies before `/home0`.
    let found = tx
        .prepare_cached(sql)?
        .query_row(
            params![format!("/{home}/"), format!("/{home}0")],
            |_| Ok(()),
        )
        .optional()?;
    Ok(found.is_some())
}

impl System {
    /// Takes away the rows that owners had on Realms which a step of the format (`schema`) has given to nobody, where they are shown too. For the start; does nothing the second time.
    pub fn settle_owners(&self, now: UnixTime) -> Result<(), SystemError> {
        let left = self.admin.read(needless)?;
        if left.is_empty() {
            return Ok(());
        }
        self.change(now, |book| {
            for row in needless(book.tx)? {
                mirrors::show(book, Some(&row), None)?;
                book.tx
                    .prepare_cached("DELETE FROM permissions WHERE id = ?1")?
                    .execute([i64::try_from(row.id).unwrap_or(i64::MAX)])?;
            }
            Ok(())
        })
    }
}

/// Rows of owners on Realms that are not theirs.
fn needless(tx: &Transaction<'_>) -> Result<Vec<permissions::Permission>, SystemError> {
    let which = "WHERE origin = ?1 AND user IS NOT (SELECT owner FROM realms WHERE name = permissions.realm)";
    permissions::all(tx, which, Origin::Owner.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Caller, Endpoint};
    use crate::storage::AdminFile;
    use crate::system::realms;
    use crate::system::schema::STEPS;
    use crate::system::tests::{Fixture, open};

    const NOW: UnixTime = UnixTime(1);

    /// What there is before: users, and Realms with their owners.
    fn system(users: &[&str], realms: &[(&str, Option<&str>)]) -> Fixture {
        let fixture = Fixture::new(open());
        let made = fixture.system.change(NOW, |book| {
            for user in users {
                let (id, app) = user.split_once('@').unwrap_or((user, CLASSIC));
                let sql = "INSERT INTO users (id, app, created) VALUES (?1, ?2, 0)";
                book.tx.execute(sql, [id, app])?;
            }
            for (name, owner) in realms {
                let sql =
                    "INSERT INTO realms (name, app, owner, created) VALUES (?1, 'classic', ?2, 0)";
                book.tx.execute(sql, params![name, owner])?;
            }
            Ok(())
        });
        made.unwrap();
        fixture
    }

    #[test]
    fn a_first_segment_is_a_home_or_a_folder_of_realms_that_belong_to_nobody() {
        let of = |owner: &'static str| Some(owner);
        for (users, realms, maker, realm, owner) in [
            // A user's home, whoever makes the Realm.
            (&["ada"][..], &[][..], "ada", "/ada/notes", of("ada")),
            (&["ada"], &[], "__admin", "/ada/notes", of("ada")),
            (&["ada"], &[], "__admin", "/ada/notes/more", of("ada")),
            // A token is all that there is of somebody.
            (&[], &[], "ada", "/ada/notes", of("ada")),
            (
                &[],
                &[("/ada/notes", of("ada"))],
                "__admin",
                "/ada/wall",
                of("ada"),
            ),
            (
                &[],
                &[("/ada/__management", of("ada"))],
                "__admin",
                "/ada/wall",
                of("ada"),
            ),
            // Nobody's.
            (&[], &[], "__admin", "/shared/wall", None),
            (&["bob"], &[], "bob", "/shared/wall", None),
            (&["ada@x"], &[], "__admin", "/ada/wall", None),
            (
                &[],
                &[("/shared/wall", None)],
                "shared",
                "/shared/other",
                None,
            ),
            (
                &[],
                &[
                    ("/shared/wall", None),
                    ("/shared/__permission", of("shared")),
                ],
                "shared",
                "/shared/other",
                None,
            ),
            // Other segments that begin in the same way, and Realms of one segment, say nothing.
            (
                &[],
                &[
                    ("/shared-too/wall", None),
                    ("/shared", None),
                    ("/shared.x/y", None),
                ],
                "shared",
                "/shared/other",
                of("shared"),
            ),
            (&["shared"], &[], "shared", "/shared", None),
            // The server's own.
            (&[], &[], "__admin", "/__admin/notes", None),
            (&[], &[], "__admin", "/__admin/__management", None),
            (
                &[],
                &[("/shared/wall", None)],
                "shared",
                "/shared/__management",
                of("shared"),
            ),
            (&["ada"], &[], "ada", "/ada/__permission", of("ada")),
            (&[], &[], "__admin", "/__wildcardpermissions", None),
        ] {
            let fixture = system(users, realms);
            let found = fixture.system.admin.read(|tx| {
                let realm = RealmName::from_canonical(realm);
                owner_of_new(tx, &realm, &user_id(maker.to_owned()))
            });
            let found = found.unwrap();
            assert_eq!(
                found.as_ref().map(|owner| &*owner.0),
                owner,
                "{maker} makes {realm}; users {users:?}, Realms {realms:?}"
            );
        }
    }

    #[test]
    fn nobody_gets_an_id_that_is_a_folder_of_realms() {
        let fixture = system(&[], &[("/shared/wall", None), ("/ada/notes", Some("ada"))]);
        let check = |app: &str, id: &str| {
            let id = user_id(id.to_owned());
            fixture.system.admin.read(|tx| check_id(tx, app, &id))
        };
        let refused = check(CLASSIC, "shared").unwrap_err();
        assert!(matches!(refused, SystemError::IdOfRealms(id) if &*id.0 == "shared"));
        for (app, id) in [
            (CLASSIC, "ada"),
            (CLASSIC, "share"),
            (CLASSIC, "wall"),
            ("x", "shared"),
        ] {
            check(app, id).unwrap();
        }
    }

    #[test]
    fn who_was_too_late_makes_nothing() {
        let fixture = system(&[], &[]);
        let caller = |user: &str, admin| Caller {
            endpoint: Endpoint::Classic,
            user: user_id(user.to_owned()),
            admin,
            token: None,
            expires_at: None,
            issued_at: None,
            login: None,
        };
        let (shared, root) = (caller("shared", false), caller("__admin", true));
        let [wall, other] = ["/shared/wall", "/shared/other"].map(RealmName::from_canonical);
        let may = || {
            let decided = fixture.system.decide(&shared, &other, NOW);
            decided.unwrap().rights.read
        };
        assert!(may());
        assert!(fixture.system.register_realm(&wall, &root, NOW).unwrap());
        assert!(!may());
        let made = fixture.system.register_realm(&other, &shared, NOW);
        assert!(matches!(made, Err(SystemError::NotMade)));
        assert!(!fixture.system.is_listed(&other).unwrap());
    }

    #[test]
    fn files_from_before_give_the_realms_of_nobody_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let before = AdminFile::open(folder.path(), &STEPS[..14]).unwrap();
        let realms = [
            ("/ada/notes", "classic", Some("ada")), // a user
            ("/eve/notes", "classic", Some("eve")), // a token that has asked for permissions
            ("/eve/__management", "classic", Some("eve")),
            ("/sam/notes", "classic", Some("sam")), // a token that has not
            ("/shared/wall", "classic", Some("shared")),
            ("/bob/notes", "classic", Some("bob")), // a user of an app, which has no paths
            ("/one", "classic", None),
            ("x/\"__management/bob\"", "x", Some("bob")),
        ];
        let made = before.write(|tx| {
            for (user, app) in [("ada", "classic"), ("bob", "x")] {
                let sql = "INSERT INTO users (id, app, created) VALUES (?1, ?2, 0)";
                tx.execute(sql, [user, app])?;
            }
            for (name, app, owner) in realms {
                let sql = "INSERT INTO realms (name, app, owner, created) VALUES (?1, ?2, ?3, 0)";
                tx.execute(sql, params![name, app, owner])?;
                if let Some(owner) = owner {
                    let sql = "INSERT INTO permissions (realm, user, may_read, may_write, may_manage, changed, changed_by, origin)
                               VALUES (?1, ?2, 1, 1, 1, 0, ?2, 'owner')";
                    tx.execute(sql, [name, owner])?;
                }
            }
            Ok::<_, SystemError>(())
        });
        made.unwrap();
        drop(before);
        let system = crate::system::tests::system_at(folder.path(), open());
        for _ in 0..2 {
            system.settle_owners(NOW).unwrap();
            for (name, _, was) in realms {
                let realm = RealmName::from_canonical(name);
                let owner = system.admin.read(|tx| realms::owner(tx, &realm)).unwrap();
                let stays = !["/sam/notes", "/shared/wall", "/bob/notes"].contains(&name);
                let expected = was.filter(|_| stays);
                assert_eq!(owner.as_ref().map(|owner| &*owner.0), expected, "{name}");
                let rows = system.permissions_on(&realm).unwrap().into_iter();
                let rows: Vec<UserId> = rows.map(|row| row.user).collect();
                assert_eq!(rows, owner.into_iter().collect::<Vec<_>>(), "{name}");
            }
        }
    }
}
