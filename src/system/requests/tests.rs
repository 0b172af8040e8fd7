//! Looks at a real Management Realm, into which much was written at once.

use std::sync::Arc;

use super::*;
use crate::changeset::{Changeset, ColumnKind, KeyKind, PrimaryKeyColumn, TableKind};
use crate::ident::{ClientVersion, OriginTimestamp, RealmName, UploadCursor};
use crate::limits::Limits;
use crate::realm::{Allow, Pending, Registry, Uploaded};
use crate::storage::Store;
use crate::system::mirrors::{column, set};

const CHANGE: &str = "PermissionChange";

fn key(number: usize) -> Key {
    Key::String(format!("{number}").as_str().into())
}

/// A Realm into which one changeset has written rows with this as `realmUrl`.
fn asked(rows: usize, url: &str) -> (Arc<Realm>, tempfile::TempDir) {
    let table = Instruction::AddTable {
        class: CHANGE.into(),
        kind: TableKind::TopLevel(PrimaryKeyColumn {
            field: "id".into(),
            kind: KeyKind::String,
            nullable: false,
        }),
    };
    let columns = [
        ("statusCode", ColumnKind::Int),
        ("realmUrl", ColumnKind::String),
    ];
    let columns = columns.map(|(field, kind)| Instruction::AddColumn {
        class: CHANGE.into(),
        field: field.into(),
        column: column(kind, true),
    });
    let rows = (0..rows).flat_map(|number| {
        let create = Instruction::CreateObject {
            class: CHANGE.into(),
            key: key(number),
        };
        let url = Value::String(url.into());
        [create, set(CHANGE, &key(number), "realmUrl", url)]
    });
    let instructions = [table].into_iter().chain(columns).chain(rows).collect();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), || 1).unwrap();
    let name = RealmName::from_canonical("/ada/__management");
    let realm = Registry::new(store, &Limits::default());
    let realm = realm.open(&name, true).unwrap();
    let progress = UploadCursor {
        client_version: ClientVersion(2),
        server_version: ServerVersion(0),
    };
    let pending = Pending {
        ident: realm.allocate_client_file().unwrap().0,
        changesets: vec![Uploaded {
            client_version: progress.client_version,
            server_version: progress.server_version,
            timestamp: OriginTimestamp(2),
            origin: FileIdent(0),
            changeset: changeset::encode(&Changeset { instructions }).into(),
        }],
        progress,
        locked: ServerVersion(0),
        allow: Allow::ALL,
    };
    let integrated = realm.integrate(vec![pending]).unwrap();
    assert!(integrated.outcomes.iter().all(Result::is_ok));
    (realm, folder)
}

/// Rows that each look finds, until there is no more. Nobody answers, so what the history touches again is found again.
fn looks(realm: &Realm) -> Vec<Vec<Key>> {
    let mut after = Place::default();
    let mut looks = Vec::new();
    loop {
        let found = look(realm, after).unwrap();
        assert!(found.looked > after, "a look that goes on");
        after = found.looked;
        looks.push(found.requests.into_iter().map(|asked| asked.key).collect());
        if !found.more {
            return looks;
        }
    }
}

/// How many each look finds, and that none is left out.
fn counts(realm: &Realm, rows: usize) -> Vec<usize> {
    let looks = looks(realm);
    let mut all = looks.concat();
    all.dedup();
    assert_eq!(all, (0..rows).map(key).collect::<Vec<_>>());
    looks.iter().map(Vec::len).collect()
}

#[test]
fn many_rows_of_one_changeset_are_found_by_several_looks() {
    let (realm, _folder) = asked(2500, "/~/notes");
    assert_eq!(counts(&realm, 2500), [1000, 1000, 502]);
}

#[test]
fn a_look_takes_no_more_text_than_it_may() {
    let (realm, _folder) = asked(200, &"x".repeat(TEXT));
    let most = BYTES / TEXT;
    assert_eq!(counts(&realm, 200), [most, most, most, 200 + 3 - 3 * most]);
}

#[test]
fn a_text_that_is_too_long_is_not_taken_along() {
    let (realm, _folder) = asked(1, &"x".repeat(TEXT + 1));
    let found = look(&realm, Place::default()).unwrap();
    assert_eq!(found.requests[0].ask, Ask::TooLong(Class::Change));
}
