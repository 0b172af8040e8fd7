//! What a client says to the server about one Realm, and what it makes of the answers: a value, inputs in, outputs out.
//!
//! One session for each connection. Nothing is uploaded before the first DOWNLOAD: it tells what the server has already. What was uploaded and not acknowledged is
//! bounded, so that a slow server is not flooded.

use bytes::Bytes;

use super::{Replica, ReplicaError, Touched};
use crate::ident::{SessionIdent, UploadCursor};
use crate::wire::{Action, Answer, Bind, Ident, Request, ToldError, Upload};

/// What comes of an answer.
#[derive(Debug)]
pub enum Output {
    /// Send this to the server.
    Send(Bytes),
    /// The copy has moved on: what others changed is in it, or the server has more of our own.
    Moved(Touched),
    /// Everything that was on the server when MARK of this number was sent is here.
    Marked(u64),
    /// The server has ended the session. A client reset has been made already where it was asked for; then a new session may begin at once.
    Ended(ToldError),
}

/// The server broke the protocol, or the copy is of no use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Violation {
    /// It said something that it may not.
    #[error("the server broke the protocol: {0}")]
    Server(String),
    /// The copy.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

/// What to do when the server asks for a client reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResetMode {
    /// Own changes that were not acknowledged are made again on the fresh copy, as far as they fit.
    #[default]
    Recover,
    /// They are dropped.
    Discard,
}

/// A session on one connection.
#[derive(Debug)]
pub struct Session {
    reset: ResetMode,
    stage: Stage,
    /// Progress of the last UPLOAD.
    reported: UploadCursor,
    next_mark: u64,
    /// The latest MARK that was sent and not answered.
    marked: Option<u64>,
    /// A MARK is wanted as soon as one can be sent.
    wants_mark: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// BIND was sent; the server is to give a file ident.
    AwaitsIdent,
    /// IDENT was sent; the first DOWNLOAD is to come.
    AwaitsDownload,
    /// In sync, or on the way to it.
    Live,
    /// The server has ended it.
    Over,
}

/// The number of the session: there is one for each connection.
const SESSION: SessionIdent = SessionIdent(1);
/// Bytes of changesets in one UPLOAD, about.
const UPLOAD_BYTES: usize = 128 << 10;
/// Bytes of changesets that are uploaded and not acknowledged; above it no more are.
const IN_FLIGHT_BYTES: usize = 8 << 20;

impl Session {
    /// Begins a session; `path` names the Realm as the endpoint wants it.
    pub fn start(
        replica: &Replica,
        path: &str,
        reset: ResetMode,
        out: &mut Vec<Output>,
    ) -> Session {
        let need_ident = replica.progress().file.0 == 0;
        send(
            &Request::Bind(Bind {
                session: SESSION,
                path: Bytes::copy_from_slice(path.as_bytes()),
                token: Bytes::new(),
                need_client_file_ident: need_ident,
                is_subserver: false,
            }),
            out,
        );
        let mut session = Session {
            reset,
            stage: Stage::AwaitsIdent,
            reported: UploadCursor::default(),
            next_mark: 0,
            marked: None,
            wants_mark: true,
        };
        if !need_ident {
            session.identify(replica, out);
        }
        session
    }

    /// Asks to be told when everything that is on the server now is here. The number that [`Output::Marked`] will have, or a later one.
    pub fn mark(&mut self, out: &mut Vec<Output>) -> u64 {
        if matches!(self.stage, Stage::AwaitsIdent) {
            self.wants_mark = true;
            return self.next_mark + 1;
        }
        self.next_mark += 1;
        self.marked = Some(self.next_mark);
        send(
            &Request::Mark {
                session: SESSION,
                request: self.next_mark,
            },
            out,
        );
        self.next_mark
    }

    /// Uploads what was made since the last time.
    pub fn changed(&mut self, replica: &Replica, out: &mut Vec<Output>) {
        while self.stage == Stage::Live && in_flight(replica, self.reported) < IN_FLIGHT_BYTES {
            let Some(batch) = replica.upload(self.reported, UPLOAD_BYTES) else {
                return;
            };
            self.reported = batch.progress;
            send(
                &Request::Upload(Upload {
                    session: SESSION,
                    progress: batch.progress,
                    locked: replica.progress().download.server_version,
                    entries: batch.entries,
                }),
                out,
            );
        }
    }

    /// Takes leave.
    pub fn unbind(&mut self, out: &mut Vec<Output>) {
        if self.stage != Stage::Over {
            self.stage = Stage::Over;
            send(&Request::Unbind { session: SESSION }, out);
        }
    }

    /// Takes what the server said.
    pub fn handle(
        &mut self,
        answer: Answer,
        replica: &mut Replica,
        out: &mut Vec<Output>,
    ) -> Result<(), Violation> {
        match answer {
            Answer::Pong { .. } | Answer::Log { .. } | Answer::Unbound { .. } => Ok(()),
            Answer::Error { error, .. } => self.ended(error, replica, out),
            _ if self.stage == Stage::Over => Ok(()),
            Answer::Ident { file, salt, .. } => {
                if self.stage != Stage::AwaitsIdent {
                    return violation("an ident that was not asked for");
                }
                replica.identify(file, salt)?;
                self.identify(replica, out);
                Ok(())
            }
            Answer::Download { head, entries } => {
                check(&head, &entries, replica).map_err(|what| Violation::Server(what.into()))?;
                if self.stage == Stage::AwaitsIdent {
                    return violation("a DOWNLOAD before IDENT");
                }
                match replica.integrate(&head, entries) {
                    Ok(touched) => {
                        self.stage = Stage::Live;
                        out.push(Output::Moved(touched));
                        self.changed(replica, out);
                        Ok(())
                    }
                    Err(ReplicaError::Misfit(what)) => {
                        // The server answers with an error that says what to do.
                        let body = serde_json::json!({ "message": what }).to_string();
                        send(
                            &Request::JsonError {
                                session: SESSION,
                                code: 212,
                                body: body.into(),
                            },
                            out,
                        );
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Answer::Mark { request, .. } => {
                if request > self.next_mark {
                    return violation("a MARK that was not asked for");
                }
                if self.marked == Some(request) {
                    self.marked = None;
                }
                out.push(Output::Marked(request));
                Ok(())
            }
        }
    }

    fn identify(&mut self, replica: &Replica, out: &mut Vec<Output>) {
        let at = replica.progress();
        send(
            &Request::Ident(Ident {
                session: SESSION,
                file: at.file,
                salt: at.salt,
                download: at.download,
                latest: at.latest,
            }),
            out,
        );
        self.stage = Stage::AwaitsDownload;
        if std::mem::take(&mut self.wants_mark) {
            self.mark(out);
        }
    }

    fn ended(
        &mut self,
        error: ToldError,
        replica: &mut Replica,
        out: &mut Vec<Output>,
    ) -> Result<(), Violation> {
        self.stage = Stage::Over;
        match error.action {
            Action::ClientReset => replica.reset(self.reset == ResetMode::Recover)?,
            Action::ClientResetNoRecovery => replica.reset(false)?,
            Action::Transient | Action::ApplicationBug | Action::ProtocolViolation => {}
        }
        out.push(Output::Ended(error));
        Ok(())
    }
}

/// Bytes that were uploaded and not acknowledged.
fn in_flight(replica: &Replica, reported: UploadCursor) -> usize {
    replica.bytes_between(replica.progress().acknowledged, reported.client_version)
}

/// What a DOWNLOAD must satisfy (sync protocol §6.1).
fn check(
    head: &crate::wire::DownloadHead,
    entries: &[crate::wire::DownloadEntry],
    replica: &Replica,
) -> Result<(), &'static str> {
    let at = replica.progress();
    let require = |condition, what| if condition { Ok(()) } else { Err(what) };
    require(
        head.latest.version >= at.latest.version,
        "the latest version goes back",
    )?;
    require(
        head.upload.client_version >= at.acknowledged,
        "the upload cursor goes back",
    )?;
    require(
        head.cursor.server_version >= at.download.server_version
            && head.cursor.client_version >= at.download.client_version,
        "the download cursor goes back",
    )?;
    require(
        head.upload.client_version <= at.version,
        "the upload cursor is beyond what was made",
    )?;
    require(
        head.cursor.server_version <= head.latest.version,
        "the download cursor is beyond the latest version",
    )?;
    require(
        head.cursor.client_version <= head.upload.client_version,
        "the download cursor is beyond the upload cursor",
    )?;
    let (mut version, mut own) = (at.download.server_version, at.download.client_version);
    for entry in entries {
        require(
            entry.version > version && entry.version <= head.cursor.server_version,
            "server versions do not grow",
        )?;
        require(
            entry.client_version >= own && entry.client_version <= head.cursor.client_version,
            "client versions go back",
        )?;
        require(
            entry.origin.0 > 0 && entry.origin != at.file,
            "a changeset of our own",
        )?;
        (version, own) = (entry.version, entry.client_version);
    }
    Ok(())
}

fn send(request: &Request, out: &mut Vec<Output>) {
    out.push(Output::Send(request.encode().into()));
}

fn violation<T>(what: &str) -> Result<T, Violation> {
    Err(Violation::Server(what.into()))
}
