//! The App Services API as a client meets it: requests in, answers out, without a socket.

mod api_keys;
mod classic;
mod limits;
mod link;
mod location;
mod mail;
mod missing;
mod passwords;
mod permissions;
mod providers;
mod session;
mod setup;
mod sign_in;
mod times;
mod tokens;
mod users;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Request, StatusCode};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use ros::auth::KeyPair;
use ros::config::Settings;
use ros::http::{Arrival, Http, Surroundings};
use ros::ident::{LoginId, UnixTime, UserId};
use ros::system::{Letter, System};
use serde_json::Value;

const BASE: &str = "/api/client/v2.0";

/// A clock that is moved by hand, dice with a known seed, and what was said to end.
struct World {
    now: AtomicU64,
    dice: Mutex<StdRng>,
    ended: Mutex<Vec<LoginId>>,
    letters: Mutex<Vec<Letter>>,
    users: Mutex<Vec<UserId>>,
}

impl Surroundings for World {
    fn now(&self) -> UnixTime {
        UnixTime(self.now.load(Ordering::Relaxed))
    }

    fn random(&self, buffer: &mut [u8]) {
        self.dice.lock().unwrap().fill_bytes(buffer);
    }

    fn ended(&self, logins: &[LoginId]) {
        self.ended.lock().unwrap().extend_from_slice(logins);
    }

    fn user_ended(&self, user: &UserId) {
        self.users.lock().unwrap().push(user.clone());
    }

    fn mail(&self, letter: Letter) {
        self.letters.lock().unwrap().push(letter);
    }
}

/// The routes over an empty data folder.
struct Server {
    http: Http,
    system: Arc<System>,
    world: Arc<World>,
    _root: tempfile::TempDir,
}

/// From this host, without TLS.
fn arrival() -> Arrival {
    Arrival::direct(IpAddr::V4(Ipv4Addr::LOCALHOST), false)
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    fn text(&self, key: &str) -> String {
        let body = self.json();
        body[key]
            .as_str()
            .unwrap_or_else(|| panic!("no text `{key}` in {body}"))
            .to_owned()
    }

    /// Checks that this is an error as clients read it, with this status and code; its text.
    fn error(&self, status: u16, code: &str) -> String {
        let said = (self.status.as_u16(), self.text("error_code"));
        assert_eq!(said, (status, code.to_owned()), "{:?}", self.body);
        assert_eq!(self.headers[CONTENT_TYPE], "application/json");
        assert_eq!(self.text("link"), "");
        self.text("error")
    }

    /// Checks that this is a success of this status without a body.
    fn empty(&self, status: u16) {
        assert_eq!(
            (
                self.status.as_u16(),
                &self.body[..],
                self.headers.get(CONTENT_TYPE)
            ),
            (status, &b""[..], None)
        );
    }
}

impl Server {
    /// What `serve --dev` runs.
    fn dev() -> Server {
        Server::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Server {
        let root = tempfile::tempdir().unwrap();
        let mut settings = Settings::dev(root.path());
        change(&mut settings);
        let limits = settings.limits.clone();
        let system = Arc::new(System::open(Arc::new(settings), keys()).unwrap());
        let world = Arc::new(World {
            now: AtomicU64::new(1_000_000),
            dice: Mutex::new(StdRng::seed_from_u64(1)),
            ended: Mutex::default(),
            letters: Mutex::default(),
            users: Mutex::default(),
        });
        Server {
            http: Http::new(system.clone(), world.clone(), limits),
            system,
            world,
            _root: root,
        }
    }

    fn pass(&self, seconds: u64) {
        self.world.now.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        self.send_from(arrival(), request).await
    }

    async fn send_from(&self, arrival: Arrival, request: Request<Full<Bytes>>) -> Reply {
        let answer = self.http.route(&arrival, request).await;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(head.headers["access-control-allow-origin"], "*");
        Reply {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    async fn request(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Reply {
        self.request_at(method, &format!("{BASE}{path}"), token, body)
            .await
    }

    /// The same for a path that is given from its beginning.
    async fn request_at(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "127.0.0.1:9080")
            .header(CONTENT_TYPE, "application/json;charset=utf-8");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Full::from(body.to_owned())).unwrap())
            .await
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        self.request("POST", path, None, body).await
    }

    /// Signs in without credentials; the answer.
    async fn anonymous(&self) -> Reply {
        let body =
            r#"{"provider":"anon-user","options":{"device":{"appId":"x","platform":"linux"}}}"#;
        self.post("/app/x/auth/providers/anon-user/login", body)
            .await
    }
}

/// The same keys for all tests: making them takes a while.
fn keys() -> KeyPair {
    static PEM: std::sync::OnceLock<ros::secret::Secret> = std::sync::OnceLock::new();
    let make = || {
        KeyPair::generate(&mut rand_core::OsRng)
            .unwrap()
            .private_pem()
            .unwrap()
    };
    KeyPair::from_pem(PEM.get_or_init(make)).unwrap()
}
