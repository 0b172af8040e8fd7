//! Another service, as this server asks it: answers on a port of its own what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A running service; it goes on until the tests end.
pub struct Service {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and target: `GET /keys`.
    pub line: String,
    /// The lines after it.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.headers.iter().filter_map(|line| line.split_once(": "));
        let (_, value) = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// What it answers.
pub enum Reply {
    /// A document.
    Json(String),
    /// A document that holds for so many seconds.
    Fresh(u64, String),
    /// A status without a document.
    Status(u16),
    /// A document with a status.
    Refused(u16, String),
    /// That it is elsewhere.
    Elsewhere(String),
    /// A document without an end.
    Endless,
    /// Nothing, for a long time.
    Silence,
}

impl Service {
    /// Starts one.
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Service {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let (asked, answer) = (service.asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (asked, answer) = (asked.clone(), answer.clone());
                std::thread::spawn(move || {
                    let Some(question) = question(&socket) else {
                        return;
                    };
                    asked.lock().unwrap().push(question.clone());
                    let _gone = reply(socket, answer(&question)); // whoever asked may be
                });
            }
        });
        service
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn question(socket: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(socket);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let headers: Vec<String> =
        std::iter::from_fn(|| line().filter(|line| !line.is_empty())).collect();
    let mut asked = Asked {
        line: first.rsplit_once(' ')?.0.to_owned(),
        headers,
        body: String::new(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}

fn reply(mut socket: TcpStream, reply: Reply) -> std::io::Result<()> {
    let (status, headers, body) = match reply {
        Reply::Json(body) => (200, String::new(), body),
        Reply::Fresh(seconds, body) => {
            let header = format!("Cache-Control: public, max-age={seconds}, must-revalidate\r\n");
            (200, header, body)
        }
        Reply::Status(status) => (status, String::new(), String::new()),
        Reply::Refused(status, body) => (status, String::new(), body),
        Reply::Elsewhere(url) => (302, format!("Location: {url}\r\n"), String::new()),
        Reply::Endless => {
            write!(
                socket,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
            )?;
            loop {
                socket.write_all(&[b' '; 4096])?;
            }
        }
        Reply::Silence => {
            std::thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
    };
    let length = body.len();
    write!(
        socket,
        "HTTP/1.1 {status} X\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
