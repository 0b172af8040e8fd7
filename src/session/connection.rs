//! Many sessions on one connection.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use super::checks::{self, UploadState};
use super::live::Live;
use super::{Bound, Close, Download, FileFacts, Frame, Input, Output, SessionKey};
use crate::ident::{ClientVersion, FileIdent, RealmName, ServerVersion, SessionIdent};
use crate::limits::Limits;
use crate::wire::{
    Action, Bind, ErrorCode, Ident, Kind, Negotiated, Protocol, Request, RequestError, Response,
    Upload, WireError,
};

/// The state of one connection.
#[derive(Debug)]
pub struct Connection {
    kind: Kind,
    protocol: Protocol,
    limits: Limits,
    /// Under which the server logs this connection.
    name: String,
    /// Boxed, since a map makes room for more than one at once and most connections have one.
    sessions: BTreeMap<SessionIdent, Box<Session>>,
    keys: HashMap<SessionKey, SessionIdent>,
    next_key: u64,
    client_files: usize,
    /// Uploads that the server has not answered yet, by session; they outlive their session.
    in_flight: HashMap<SessionKey, VecDeque<InFlight>>,
    in_flight_bytes: usize,
    /// An error has ended the connection: nothing is sent and nothing heard any more.
    over: bool,
}

/// An upload on its way to the Realm.
#[derive(Debug)]
struct InFlight {
    bytes: usize,
    /// What the client waits to be told, if it sent changesets.
    acknowledges: Option<ClientVersion>,
}

#[derive(Debug)]
struct Session {
    key: SessionKey,
    stage: Stage,
    /// Requests that came while the server was being asked.
    inbox: VecDeque<Request>,
}

#[derive(Debug)]
enum Stage {
    /// The server opens the Realm.
    Binding { need_client_file_ident: bool },
    /// The client is to say which file it has.
    AwaitIdent { realm: RealmName },
    /// The server looks the file up.
    Identifying { realm: RealmName, ident: Ident },
    /// Syncing.
    Live { realm: RealmName, live: Live },
    /// An error was sent; the client's UNBIND ends it silently.
    Failed,
}

impl Connection {
    /// A connection as negotiated. `name` is told to the client, so that its log and the server's can be matched.
    pub fn new(negotiated: &Negotiated, name: String, limits: Limits) -> Connection {
        Connection {
            kind: negotiated.kind,
            protocol: negotiated.protocol,
            limits,
            name,
            sessions: BTreeMap::new(),
            keys: HashMap::new(),
            next_key: 0,
            client_files: 0,
            in_flight: HashMap::new(),
            in_flight_bytes: 0,
            over: false,
        }
    }

    /// The negotiated version.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether another message may be taken from the socket. Not while too much waits for the Realms, or for answers of the server.
    pub fn may_read_socket(&self) -> bool {
        self.in_flight_bytes < self.limits.pending_upload_bytes
    }

    /// What is said before the client says anything.
    pub fn start(&mut self, out: &mut Vec<Output>) {
        if self.protocol.has_log_messages() {
            let text = "Client connection established with server".into();
            self.send(
                Response::Log {
                    session: SessionIdent(0),
                    text,
                    connection: Some(self.name.clone()),
                },
                out,
            );
        }
    }

    /// Takes an input. What is to be done is added to `out`.
    pub fn handle(&mut self, input: Input, out: &mut Vec<Output>) {
        if self.over {
            return;
        }
        match input {
            Input::Message(message) => self.message(message, out),
            Input::Oversized(what) => {
                self.end(WireError::new(ErrorCode::OtherError).because(what), out)
            }
            Input::Bound(key, result) => self.answered(key, result, out, Self::bound),
            Input::ClientFile(key, result) => self.answered(key, result, out, Self::identified),
            Input::Downloaded(key, result) => self.answered(key, result, out, Self::downloaded),
            Input::Integrated(key, result) => self.integrated(key, result, out),
            Input::Announced(key, head) => self.announced(key, head, out),
            Input::Denied(key, error) => self.answered(key, Err(error), out, |_, _, (), _| {}),
        }
    }

    fn send(&self, response: Response, out: &mut Vec<Output>) {
        out.push(Output::Send(Frame {
            head: response.encode(self.protocol).into(),
            body: Bytes::new(),
        }));
    }

    // Messages

    fn message(&mut self, message: Bytes, out: &mut Vec<Output>) {
        let request = match Request::decode(message, &self.limits) {
            Ok(request) => request,
            Err(error) => return self.undecodable(&error, out),
        };
        if self.kind == Kind::Flexible && matches!(request, Request::Bind(_)) {
            return self.end(
                WireError::new(ErrorCode::SwitchToPartition)
                    .because("this server has no flexible sync"),
                out,
            );
        }
        match request {
            Request::Ping { timestamp, .. } => self.send(Response::Pong { timestamp }, out),
            Request::Bind(bind) => self.bind(bind, out),
            Request::Unbind { session } => self.unbind(session, out),
            Request::Ident(Ident { session, .. })
            | Request::Upload(Upload { session, .. })
            | Request::Mark { session, .. }
            | Request::JsonError { session, .. } => self.for_session(session, request, out),
        }
    }

    fn undecodable(&mut self, error: &RequestError, out: &mut Vec<Output>) {
        match error {
            RequestError::Malformed(cause) => {
                self.end(WireError::new(ErrorCode::BadSyntax).because(cause), out)
            }
            RequestError::BadCompression => {
                self.end(WireError::new(ErrorCode::OtherError).because(error), out)
            }
            RequestError::TooLarge { session, .. } | RequestError::TooMany { session, .. } => {
                let error = WireError::new(ErrorCode::PermissionDenied).because(error);
                self.not_taken(*session, error, out);
            }
        }
    }

    /// An UPLOAD that is too much fails its session, at a time when the session could have sent one.
    fn not_taken(&mut self, ident: SessionIdent, error: WireError, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get(&ident) else {
            return self.end(WireError::new(ErrorCode::BadSessionIdent), out);
        };
        match &session.stage {
            Stage::Failed => {}
            Stage::Binding { .. } if !session.inbox.is_empty() => self.fail(ident, error, out),
            Stage::Binding { .. } | Stage::AwaitIdent { .. } => {
                self.end(WireError::new(ErrorCode::BadMessageOrder), out)
            }
            Stage::Identifying { .. } | Stage::Live { .. } => self.fail(ident, error, out),
        }
    }

    fn bind(&mut self, bind: Bind, out: &mut Vec<Output>) {
        let Bind {
            session,
            path,
            token,
            need_client_file_ident,
            is_subserver,
        } = bind;
        if path.is_empty() {
            return self.end(
                WireError::new(ErrorCode::BadSyntax).because("bad path size"),
                out,
            );
        }
        if self.sessions.contains_key(&session) {
            return self.end(WireError::new(ErrorCode::ReuseOfSessionIdent), out);
        }
        if self.sessions.len() >= self.limits.sessions_per_connection {
            return self.end(
                WireError::new(ErrorCode::ConnectionClosed)
                    .because("too many sessions on one connection"),
                out,
            );
        }
        self.next_key += 1;
        let key = SessionKey(self.next_key);
        self.keys.insert(key, session);
        let stage = Stage::Binding {
            need_client_file_ident,
        };
        self.sessions.insert(
            session,
            Box::new(Session {
                key,
                stage,
                inbox: VecDeque::new(),
            }),
        );
        self.client_files += usize::from(need_client_file_ident);
        if is_subserver {
            return self.fail(
                session,
                WireError::new(ErrorCode::PermissionDenied).because("subservers are not supported"),
                out,
            );
        }
        if need_client_file_ident && self.client_files > self.limits.client_files_per_connection {
            let error = WireError::new(ErrorCode::OtherSessionError)
                .because("too many new client files on one connection");
            return self.fail(session, error, out);
        }
        out.push(Output::Bind {
            session: key,
            path,
            token,
            need_client_file_ident,
        });
    }

    fn unbind(&mut self, ident: SessionIdent, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.remove(&ident) else {
            return self.end(WireError::new(ErrorCode::BadSessionIdent), out);
        };
        for request in &session.inbox {
            self.in_flight_bytes -= size(request);
        }
        self.keys.remove(&session.key);
        if !matches!(session.stage, Stage::Failed) {
            self.send(Response::Unbound { session: ident }, out);
            out.push(Output::Release(session.key));
        }
    }

    fn for_session(&mut self, ident: SessionIdent, request: Request, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get_mut(&ident) else {
            return self.end(WireError::new(ErrorCode::BadSessionIdent), out);
        };
        let too_early = WireError::new(ErrorCode::BadMessageOrder);
        match &mut session.stage {
            Stage::Failed => {}
            Stage::Binding {
                need_client_file_ident: true,
            } => self.end(too_early, out),
            Stage::Binding {
                need_client_file_ident: false,
            } => {
                // The only thing that a client may send before it has been heard is its IDENT, then what follows that.
                let first = session.inbox.is_empty();
                if first != matches!(request, Request::Ident(_)) {
                    return self.end(too_early, out);
                }
                self.in_flight_bytes += size(&request);
                session.inbox.push_back(request);
            }
            Stage::AwaitIdent { .. } => match request {
                Request::Ident(message) => self.ident(ident, message, out),
                Request::Upload(_) | Request::Mark { .. } | Request::JsonError { .. } => {
                    self.end(too_early, out)
                }
                Request::Bind(_) | Request::Unbind { .. } | Request::Ping { .. } => {}
            },
            Stage::Identifying { .. } => {
                if matches!(request, Request::Ident(_)) {
                    return self.end(too_early, out);
                }
                self.in_flight_bytes += size(&request);
                session.inbox.push_back(request);
            }
            Stage::Live { .. } => self.for_live(ident, request, out),
        }
    }

    /// IDENT starts looking the file up, and the session leaves the stage in which it waits for that.
    fn ident(&mut self, ident: SessionIdent, message: Ident, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get_mut(&ident) else {
            return;
        };
        let Stage::AwaitIdent { realm } = &session.stage else {
            return;
        };
        out.push(Output::LookUp {
            session: session.key,
            file: message.file,
            salt: message.salt,
            latest: message.latest.version,
        });
        session.stage = Stage::Identifying {
            realm: realm.clone(),
            ident: message,
        };
    }

    fn for_live(&mut self, ident: SessionIdent, request: Request, out: &mut Vec<Output>) {
        let Some((key, live)) = self.live(ident) else {
            return;
        };
        match request {
            Request::Mark { request, .. } => {
                live.mark(request);
                self.proceed(ident, out);
            }
            Request::Upload(upload) => match live.upload(&upload) {
                Ok(()) => self.integrate(key, upload, out),
                Err(error) => self.fail(ident, error, out),
            },
            Request::JsonError { code, body, .. } => {
                let text = String::from_utf8_lossy(&body[..body.len().min(1000)]).into_owned();
                out.push(Output::Report {
                    session: ident,
                    error: None,
                    text: format!("the client could not use what it was sent: {code} {text}"),
                });
                let error = WireError::new(ErrorCode::BadChangeset)
                    .because("the client could not integrate a DOWNLOAD");
                self.fail(ident, error.with(Action::ClientReset), out);
            }
            Request::Ident(_) => self.end(WireError::new(ErrorCode::BadMessageOrder), out),
            Request::Bind(_) | Request::Unbind { .. } | Request::Ping { .. } => {}
        }
    }

    fn integrate(&mut self, key: SessionKey, upload: Upload, out: &mut Vec<Output>) {
        let file = match self
            .keys
            .get(&key)
            .copied()
            .and_then(|ident| self.live(ident))
        {
            Some((_, live)) => live.file,
            None => return,
        };
        if upload.entries.is_empty() && !self.in_flight.contains_key(&key) {
            return out.push(Output::Note {
                session: key,
                file,
                progress: upload.progress,
                locked: upload.locked,
            });
        }
        let bytes = upload_size(&upload);
        let acknowledges = upload
            .entries
            .last()
            .map(|entry| entry.cursor.client_version);
        self.in_flight.entry(key).or_default().push_back(InFlight {
            bytes,
            acknowledges,
        });
        self.in_flight_bytes += bytes;
        let Upload {
            entries,
            progress,
            locked,
            ..
        } = upload;
        out.push(Output::Integrate {
            session: key,
            file,
            entries,
            progress,
            locked,
        });
    }

    // Answers of the server

    /// Hands an answer to its session, or its error to the client.
    fn answered<T>(
        &mut self,
        key: SessionKey,
        result: Result<T, WireError>,
        out: &mut Vec<Output>,
        accept: fn(&mut Self, SessionIdent, T, &mut Vec<Output>),
    ) {
        let Some(ident) = self.keys.get(&key).copied() else {
            return;
        };
        if self
            .sessions
            .get(&ident)
            .is_none_or(|session| matches!(session.stage, Stage::Failed))
        {
            return;
        }
        match result {
            Ok(answer) => accept(self, ident, answer, out),
            Err(error) => self.fail(ident, error, out),
        }
    }

    fn bound(&mut self, ident: SessionIdent, bound: Bound, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get_mut(&ident) else {
            return;
        };
        if !matches!(session.stage, Stage::Binding { .. }) {
            return;
        }
        session.stage = Stage::AwaitIdent { realm: bound.realm };
        if let Some((file, salt)) = bound.file {
            self.send(
                Response::Ident {
                    session: ident,
                    file,
                    salt,
                },
                out,
            );
        }
        self.take_inbox(ident, out);
    }

    fn identified(&mut self, ident: SessionIdent, facts: FileFacts, out: &mut Vec<Output>) {
        let Some(session) = self.sessions.get(&ident) else {
            return;
        };
        let Stage::Identifying {
            realm,
            ident: message,
        } = &session.stage
        else {
            return;
        };
        let (realm, message, key) = (realm.clone(), message.clone(), session.key);
        let file = match checks::ident(&message, &facts) {
            Ok(file) => file,
            Err(error) => return self.fail(ident, error, out),
        };
        if self.is_bound(&realm, message.file) {
            return self.end(WireError::new(ErrorCode::BoundInOtherSession), out);
        }
        let upload = UploadState {
            threshold: file.upload,
            locked: file.locked,
            ..UploadState::default()
        };
        let live = Live::new(message.file, upload, message.download, facts.head.version);
        if let Some(session) = self.sessions.get_mut(&ident) {
            session.stage = Stage::Live { realm, live };
        }
        out.push(Output::Claim {
            session: key,
            file: message.file,
        });
        self.proceed(ident, out);
        self.take_inbox(ident, out);
    }

    fn is_bound(&self, realm: &RealmName, file: FileIdent) -> bool {
        self.sessions.values().any(|session| match &session.stage {
            Stage::Live { realm: other, live } => other == realm && live.file == file,
            Stage::Binding { .. }
            | Stage::AwaitIdent { .. }
            | Stage::Identifying { .. }
            | Stage::Failed => false,
        })
    }

    fn take_inbox(&mut self, ident: SessionIdent, out: &mut Vec<Output>) {
        while let Some(session) = self.sessions.get_mut(&ident) {
            if matches!(
                session.stage,
                Stage::Binding { .. } | Stage::Identifying { .. }
            ) {
                return;
            }
            let Some(request) = session.inbox.pop_front() else {
                session.inbox = VecDeque::new(); // it is not used again
                return;
            };
            self.in_flight_bytes -= size(&request);
            self.for_session(ident, request, out);
            if self.over {
                return;
            }
        }
    }

    fn downloaded(&mut self, ident: SessionIdent, download: Download, out: &mut Vec<Output>) {
        let protocol = self.protocol;
        let Some((_, live)) = self.live(ident) else {
            return;
        };
        if let Some(head) = live.downloaded(ident, &download) {
            let head = Response::Download(head).encode(protocol).into();
            out.push(Output::Send(Frame {
                head,
                body: download.body,
            }));
        }
        self.proceed(ident, out);
    }

    fn integrated(
        &mut self,
        key: SessionKey,
        result: Result<(), WireError>,
        out: &mut Vec<Output>,
    ) {
        let Some(waiting) = self.in_flight.get_mut(&key) else {
            return;
        };
        let Some(upload) = waiting.pop_front() else {
            return;
        };
        if waiting.is_empty() {
            self.in_flight.remove(&key);
        }
        self.in_flight_bytes -= upload.bytes;
        self.answered(
            key,
            result.map(|()| upload.acknowledges),
            out,
            |connection, ident, acknowledges, out| {
                if let (Some(version), Some((_, live))) = (acknowledges, connection.live(ident)) {
                    live.integrated(version);
                    connection.proceed(ident, out);
                }
            },
        );
    }

    fn announced(&mut self, key: SessionKey, head: ServerVersion, out: &mut Vec<Output>) {
        let Some(ident) = self.keys.get(&key).copied() else {
            return;
        };
        if let Some((_, live)) = self.live(ident) {
            live.announced(head);
            self.proceed(ident, out);
        }
    }

    // Common ends

    fn live(&mut self, ident: SessionIdent) -> Option<(SessionKey, &mut Live)> {
        let session = self.sessions.get_mut(&ident)?;
        match &mut session.stage {
            Stage::Live { live, .. } => Some((session.key, live)),
            Stage::Binding { .. }
            | Stage::AwaitIdent { .. }
            | Stage::Identifying { .. }
            | Stage::Failed => None,
        }
    }

    /// Answers a MARK that is due and asks for the next read.
    fn proceed(&mut self, ident: SessionIdent, out: &mut Vec<Output>) {
        let Some((key, live)) = self.live(ident) else {
            return;
        };
        let mark = live.take_mark();
        let read = live.next_read(key);
        if let Some(request) = mark {
            self.send(
                Response::Mark {
                    session: ident,
                    request,
                },
                out,
            );
        }
        out.extend(read);
    }

    /// Ends a session with an error.
    fn fail(&mut self, ident: SessionIdent, error: WireError, out: &mut Vec<Output>) {
        if error.code.ends_connection() {
            return self.end(error, out);
        }
        let Some(session) = self.sessions.get_mut(&ident) else {
            return;
        };
        for request in session.inbox.drain(..) {
            self.in_flight_bytes -= size(&request);
        }
        session.stage = Stage::Failed;
        out.push(Output::Release(session.key));
        out.push(Output::Report {
            session: ident,
            error: Some(error.code),
            text: describe(&error),
        });
        self.send(
            Response::Error {
                session: ident,
                error,
            },
            out,
        );
    }

    /// Ends the connection with an error.
    fn end(&mut self, error: WireError, out: &mut Vec<Output>) {
        self.over = true;
        out.push(Output::Report {
            session: SessionIdent(0),
            error: Some(error.code),
            text: describe(&error),
        });
        out.extend(self.keys.keys().map(|key| Output::Release(*key)));
        self.send(
            Response::Error {
                session: SessionIdent(0),
                error,
            },
            out,
        );
        out.push(Output::Close(Close::AfterError));
    }
}

fn describe(error: &WireError) -> String {
    format!("{} {}", error.code.number(), error.message)
}

/// What a request that waits counts against the bound.
fn size(request: &Request) -> usize {
    match request {
        Request::Upload(upload) => upload_size(upload),
        Request::Bind(_)
        | Request::Ident(_)
        | Request::Mark { .. }
        | Request::Unbind { .. }
        | Request::Ping { .. } => 256,
        Request::JsonError { body, .. } => 256 + body.len(),
    }
}

fn upload_size(upload: &Upload) -> usize {
    256 + upload
        .entries
        .iter()
        .map(|entry| entry.changeset.len() + 128)
        .sum::<usize>()
}
