//! A relay before a server that writes down what is said: request lines, and the messages of WebSockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// What was said.
#[derive(Default, Clone)]
pub struct Said {
    /// The first lines of requests.
    pub requests: Vec<String>,
    /// Binary messages of clients.
    pub client: Vec<Bytes>,
    /// Binary messages of the server.
    pub server: Vec<Bytes>,
}

/// The relay; it ends with the process.
pub struct Recorder {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
}

impl Recorder {
    /// Starts one before this server.
    pub fn before(server: SocketAddr) -> Recorder {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let said: Arc<Mutex<Said>> = Arc::default();
        let shared = said.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(server).unwrap();
                relay(&client, &server, &shared, true);
                relay(&server, &client, &shared, false);
            }
        });
        Recorder { address, said }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn said(&self) -> Said {
        self.said.lock().unwrap().clone()
    }
}

/// Passes on what one side says, in a thread of its own.
fn relay(from: &TcpStream, to: &TcpStream, said: &Arc<Mutex<Said>>, is_client: bool) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let said = said.clone();
    std::thread::spawn(move || {
        let mut tape = Tape::default();
        let mut buffer = [0; 16 << 10];
        while let Ok(count) = from.read(&mut buffer)
            && count > 0
            && to.write_all(&buffer[..count]).is_ok()
        {
            tape.bytes.extend_from_slice(&buffer[..count]);
            tape.listen(&said, is_client);
        }
        drop(to.shutdown(std::net::Shutdown::Write)); // it may have ended already
    });
}

/// What was heard of one side and not understood yet.
#[derive(Default)]
struct Tape {
    bytes: Vec<u8>,
    is_open: bool,
}

impl Tape {
    fn listen(&mut self, said: &Mutex<Said>, is_client: bool) {
        if !self.is_open {
            let Some(end) = self
                .bytes
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            else {
                return;
            };
            let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
            // What follows the head of anything else is not looked at.
            self.is_open = head.to_ascii_lowercase().contains("upgrade: websocket");
            self.bytes.drain(..end + 4);
            if is_client {
                let line = head.lines().next().unwrap_or_default();
                said.lock().unwrap().requests.push(line.to_owned());
            }
        }
        while self.is_open
            && let Some((opcode, message, size)) = frame(&self.bytes)
        {
            self.bytes.drain(..size);
            if opcode == 2 {
                let mut said = said.lock().unwrap();
                let side = if is_client {
                    &mut said.client
                } else {
                    &mut said.server
                };
                side.push(message.into());
            }
        }
    }
}

/// The frame at the beginning: its opcode, what it carries, and how long it is.
fn frame(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, mut at) = match second & 0x7f {
        126 => (
            u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
            4,
        ),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    let mask = if second & 0x80 != 0 {
        at += 4;
        bytes.get(at - 4..at)?.to_vec()
    } else {
        vec![0; 4]
    };
    let end = at + usize::try_from(length).ok()?;
    let body = bytes.get(at..end)?;
    let plain = body
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    Some((first & 0x0f, plain.collect(), end))
}
