//! The lanes over real Realms.

use std::sync::mpsc;

use super::*;
use crate::changeset::{Changeset, Instruction, Key, KeyKind, PrimaryKeyColumn, TableKind};
use crate::ident::{ClientVersion, DownloadCursor, OriginTimestamp, ServerVersion, UploadCursor};
use crate::realm::{Allow, Uploaded};
use crate::storage::Store;

struct Server {
    registry: Arc<Registry>,
    lanes: Lanes,
    _folder: tempfile::TempDir,
}

fn name() -> RealmName {
    RealmName::from_canonical("/realm")
}

impl Server {
    fn start(limits: Limits) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), || 1).unwrap();
        let registry = Arc::new(Registry::new(store, &limits));
        registry.open(&name(), true).unwrap();
        let lanes = Lanes::start(
            registry.clone(),
            Fanout::default(),
            Inbox::default(),
            Arc::default(),
            Arc::default(),
            &limits,
        )
        .unwrap();
        Server {
            registry,
            lanes,
            _folder: folder,
        }
    }

    fn file(&self) -> FileIdent {
        let realm = self.registry.open(&name(), false).unwrap();
        realm.allocate_client_file().unwrap().0
    }

    /// Pushes uploads of one session at once. Their outcomes come in the order in which they are known.
    fn push(&self, strand: &Strand, pendings: Vec<Pending>) -> Outcomes {
        let (sender, outcomes) = mpsc::channel();
        for (index, pending) in pendings.into_iter().enumerate() {
            let sender = sender.clone();
            let reply: Reply = Box::new(move |outcome| sender.send((index, outcome)).unwrap());
            self.lanes.push(&name(), pending, strand, reply);
        }
        Outcomes(outcomes)
    }

    fn lane_bytes(&self) -> usize {
        self.lanes
            .shared
            .lock()
            .lanes
            .get(&name())
            .map_or(0, |lane| lane.bytes)
    }

    fn cursor(&self, ident: FileIdent) -> UploadCursor {
        let realm = self.registry.open(&name(), false).unwrap();
        let read = realm.read(DownloadCursor::default(), ident, 0).unwrap();
        read.upload
    }
}

struct Outcomes(mpsc::Receiver<(usize, Result<(), Refusal>)>);

impl Outcomes {
    /// All of them, in the order of the uploads.
    fn all(self) -> Vec<Result<(), Refusal>> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

fn upload(ident: FileIdent, version: u64, changeset: impl Into<bytes::Bytes>) -> Pending {
    let progress = UploadCursor {
        client_version: ClientVersion(version),
        server_version: ServerVersion(0),
    };
    Pending {
        ident,
        changesets: vec![Uploaded {
            client_version: progress.client_version,
            server_version: progress.server_version,
            timestamp: OriginTimestamp(version),
            origin: FileIdent(0),
            changeset: changeset.into(),
        }],
        progress,
        locked: ServerVersion(0),
        allow: Allow::ALL,
    }
}

fn object(key: i64) -> Vec<u8> {
    let instructions = vec![
        Instruction::AddTable {
            class: "Dog".into(),
            kind: TableKind::TopLevel(PrimaryKeyColumn {
                field: "_id".into(),
                kind: KeyKind::Int,
                nullable: false,
            }),
        },
        Instruction::CreateObject {
            class: "Dog".into(),
            key: Key::Int(key),
        },
    ];
    crate::changeset::encode(&Changeset { instructions })
}

fn one_by_one() -> Limits {
    Limits {
        batch_changesets: 1,
        ..Limits::default()
    }
}

#[test]
fn an_upload_that_waits_loses_the_rights_that_its_session_loses() {
    let server = Server::start(Limits::default());
    let (file, strand) = (server.file(), Strand::new(Allow::ALL));
    let (told, outcomes) = mpsc::channel();
    let job = Job {
        bytes: 0,
        pending: upload(file, 2, object(2)),
        ticket: Ticket {
            strand: strand.clone(),
            reply: Box::new(move |outcome| told.send(outcome).unwrap()),
        },
    };
    // It was queued, and its turn comes after the change.
    strand.allow(Allow::NOTHING);
    let shared = &server.lanes.shared;
    assert!(shared.integrate(Pace::Brief, &name(), vec![job]).is_empty());
    let outcome = outcomes.recv().unwrap();
    assert!(matches!(outcome, Err(Refusal::Denied(_))), "{outcome:?}");
    assert_eq!(server.cursor(file), UploadCursor::default());
    server.lanes.drain();
}

#[test]
fn nothing_is_integrated_after_an_upload_of_the_session_was_refused() {
    let server = Server::start(one_by_one());
    let (file, strand) = (server.file(), Strand::default());
    let merely_progress = Pending {
        changesets: Vec::new(),
        ..upload(file, 5, object(5))
    };
    let uploads = vec![
        upload(file, 2, object(2)),
        upload(file, 3, "no changeset"),
        upload(file, 4, object(4)),
        merely_progress,
    ];
    let outcomes = server.push(&strand, uploads).all();
    assert_eq!(outcomes[0], Ok(()));
    assert!(matches!(outcomes[1], Err(Refusal::BadChangeset(_))));
    assert!(matches!(outcomes[2], Err(Refusal::Unavailable(_))));
    assert!(matches!(outcomes[3], Err(Refusal::Unavailable(_))));
    assert_eq!(server.cursor(file).client_version, ClientVersion(2));

    // The file comes back in a new session and sends again what was refused.
    let again = vec![upload(file, 3, object(3)), upload(file, 4, object(4))];
    assert_eq!(
        server.push(&Strand::default(), again).all(),
        [Ok(()), Ok(())]
    );
    assert_eq!(server.cursor(file).client_version, ClientVersion(4));
}

#[test]
fn what_follows_an_upload_that_found_the_lane_full_is_refused() {
    let server = Server::start(Limits {
        lane_bytes: 1000,
        ..one_by_one()
    });
    let (other, file, strand) = (server.file(), server.file(), Strand::default());
    let realm = server.registry.open(&name(), false).unwrap();
    let (fillers, refused) = realm
        .look(|_, _| {
            // While somebody looks at the state a lane's thread has one upload in its hands, and the next waits.
            let first = server.push(&Strand::default(), vec![upload(other, 2, object(2))]);
            while server.lane_bytes() > 0 {
                std::thread::yield_now();
            }
            let second = server.push(&Strand::default(), vec![upload(other, 3, object(3))]);
            let large = upload(file, 2, vec![0; 2000]);
            Ok(([first, second], server.push(&strand, vec![large])))
        })
        .unwrap();
    assert!(matches!(refused.all()[..], [Err(Refusal::Unavailable(_))]));
    let next = server.push(&strand, vec![upload(file, 3, object(4))]);
    assert!(matches!(next.all()[..], [Err(Refusal::Unavailable(_))]));
    assert_eq!(fillers.map(Outcomes::all), [[Ok(())], [Ok(())]]);
    assert_eq!(server.cursor(file), UploadCursor::default());
}

#[test]
fn only_the_culprit_of_a_failure_is_refused() {
    let job = |ident: u64, version| Job {
        pending: upload(FileIdent(ident), version, object(1)),
        bytes: 0,
        ticket: Ticket {
            strand: Strand::default(),
            reply: Box::new(drop),
        },
    };
    let jobs = vec![job(2, 2), job(3, 2), job(2, 3), job(4, 2)];
    let attempt = |pendings: Vec<Pending>| {
        let versions = |pending: &Pending| (pending.ident.0, pending.progress.client_version.0);
        if pendings.iter().any(|pending| pending.ident.0 == 3) {
            let (file, what) = ("/realm".into(), "integration panicked".into());
            return Err(RealmError::Damaged { file, what });
        }
        Ok(pendings.iter().map(versions).collect::<Vec<_>>())
    };
    let attempts = together(jobs, attempt);
    let results: Vec<_> = attempts
        .into_iter()
        .map(|(_, result)| result.ok())
        .collect();
    assert_eq!(
        results,
        [Some(vec![(2, 2), (2, 3)]), None, Some(vec![(4, 2)])]
    );
}

#[test]
fn a_batch_has_a_bound_but_one_upload_at_least() {
    let sizes = |limits: Limits| {
        let server = Server::start(limits);
        let job = |bytes: usize| Job {
            pending: upload(FileIdent(2), 2, vec![]),
            bytes,
            ticket: Ticket {
                strand: Strand::default(),
                reply: Box::new(drop),
            },
        };
        let mut lane = Lane {
            jobs: [50, 500, 70, 30, 1].map(job).into(),
            bytes: 651,
            is_long: false,
        };
        let mut sizes = Vec::new();
        while !lane.jobs.is_empty() {
            let batch = server.lanes.shared.take_batch(&mut lane);
            sizes.push(batch.iter().map(|job| job.bytes).collect::<Vec<_>>());
        }
        assert_eq!(lane.bytes, 0);
        sizes
    };
    let (batch_bytes, batch_changesets) = (100, 3);
    assert_eq!(
        sizes(Limits {
            batch_bytes,
            ..Limits::default()
        }),
        [vec![50], vec![500], vec![70, 30], vec![1]]
    );
    assert_eq!(
        sizes(Limits {
            batch_changesets,
            ..Limits::default()
        }),
        [vec![50, 500, 70], vec![30, 1]]
    );
}

#[test]
fn long_work_waits_in_a_line_of_its_own_and_its_client_in_order() {
    let server = Server::start(Limits {
        brief_memory_bytes: 1, // nothing is brief, for the first changeset is more
        ..one_by_one()
    });
    let (file, strand) = (server.file(), Strand::default());
    let uploads = (2..20).map(|version| {
        let changeset = if version % 3 == 0 {
            bytes::Bytes::new() // but this is
        } else {
            object(version).into()
        };
        upload(file, version.unsigned_abs(), changeset)
    });
    let outcomes = server.push(&strand, uploads.collect());
    let order: Vec<usize> = outcomes.0.iter().map(|(index, _)| index).collect();
    assert_eq!(order, (0..18).collect::<Vec<_>>());
    assert_eq!(server.cursor(file).client_version, ClientVersion(19));
    server.lanes.drain();
}
