//! Attacks that go on until they are told to stop.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use super::client::{Client, MIB, blob, list_edit};
use super::sizes::{announce, deflated};
use crate::support::wire::Wire;

/// Whom they are against.
pub struct Target {
    pub address: SocketAddr,
    pub token: String,
    pub stop: AtomicBool,
}

/// What one is called, what the server's configuration says, and the memory in MiB that it may need meanwhile.
pub struct Attack {
    pub name: &'static str,
    pub limits: &'static str,
    pub most_memory: usize,
    pub run: fn(&Target),
}

/// What the machine alone makes of somebody who takes what is left of a processor.
pub const BUSY: Attack = attack("none: a busy processor", 100, |target| {
    while target.goes_on() {
        std::hint::spin_loop();
    }
});

pub const ATTACKS: &[Attack] = &[
    BUSY,
    attack("heads byte by byte", 100, heads),
    attack("connections without a word", 100, silence),
    attack("PING", 100, |target| {
        chatter(target, |_| "ping 1 0\n".into())
    }),
    attack("MARK", 100, |target| {
        chatter(target, |round| format!("mark 1 {}\n", round + 1))
    }),
    attack("UPLOAD of progress", 150, |target| {
        chatter(target, |round| {
            format!("upload 1 0 0 0 {} 0 0\nping 1 0\n", round + 2)
        });
    }),
    attack("PING, never read", 100, unread),
    attack("BIND and UNBIND", 150, |target| {
        cycles(target, 0, |_| "/cycle".into())
    }),
    attack("BIND for new files", 150, |target| {
        cycles(target, 1, |_| "/cycle".into())
    }),
    attack("BIND for new Realms", 300, |target| {
        cycles(target, 1, |round| format!("/new/{round}"))
    }),
    attack("forged IDENT", 150, forgeries),
    attack("noise", 150, noise),
    attack("messages that never end", 700, unfinished),
    attack("bombs", 500, bombs),
    attack("list edits against each other", 300, list_edits),
    // What is read, merged with and sent grows with the Realm, up to these.
    Attack {
        limits: LITTLE,
        ..attack("downloads of everything", 300, downloads)
    },
];

/// Less than the Realm that is downloaded becomes in a few rounds, and by default a tenth of all that may be there.
pub const LITTLE: &str = "limits: { downloads_bytes: 33554432, fragments_bytes: 4194304, window_bytes: 33554432, database_cache_bytes: 33554432 }";

const fn attack(name: &'static str, most_memory: usize, run: fn(&Target)) -> Attack {
    Attack {
        name,
        limits: "",
        most_memory,
        run,
    }
}

impl Target {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn connect(&self) -> Client {
        Client::at(self.address, &self.token)
    }
}

/// What is slow is no faster than this.
const SLOW: Duration = Duration::from_millis(10);

fn heads(target: &Target) {
    let open = || {
        let mut stream = TcpStream::connect(target.address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
        stream
    };
    let mut crowd: Vec<TcpStream> = (0..200).map(|_| open()).collect();
    while target.goes_on() {
        for stream in &mut crowd {
            if stream.write_all(b"x").is_err() {
                *stream = open();
            }
        }
        std::thread::sleep(SLOW);
    }
}

fn silence(target: &Target) {
    let protocol = Some("com.mongodb.realm-sync#14");
    while target.goes_on() {
        let open = |_| Wire::open(target.address, "/realm-sync", protocol).unwrap();
        let crowd: Vec<Wire> = (0..200).map(open).collect();
        std::thread::sleep(20 * SLOW);
        drop(crowd);
    }
}

/// The number of the MARK whose answer comes after all others.
const LAST: u64 = 1 << 40;

/// Says what needs an answer, a hundred at a time, and reads.
fn chatter(target: &Target, said: fn(u64) -> String) {
    let mut client = target.connect();
    client.bind(1, "/chatter");
    let mut round = 0;
    while target.goes_on() {
        for _ in 0..100 {
            for line in said(round).split_inclusive('\n') {
                client.send(line, b"");
            }
            round += 1;
        }
        client.send(&format!("mark 1 {LAST}\n"), b"");
        loop {
            let message = client.next();
            if message.kind() == "mark" && message.number(2) == LAST {
                break;
            }
        }
    }
}

fn unread(target: &Target) {
    use tungstenite::protocol::Message;
    while target.goes_on() {
        let mut client = target.connect();
        client.wire.flood(&Message::Binary("ping 1 0\n".into()));
    }
}

fn cycles(target: &Target, need: u8, path: fn(u64) -> String) {
    let mut round = 0;
    while target.goes_on() {
        let mut client = target.connect();
        for _ in 0..40 {
            let sessions = 1..=100;
            for session in sessions.clone() {
                round += 1;
                let path = path(round);
                let head = format!("bind {session} {} 0 {need} 0\n", path.len());
                client.send(&head, path.as_bytes());
            }
            for session in sessions {
                client.send(&format!("unbind {session}\n"), b"");
            }
            for _ in 0..100 {
                while client.next().kind() != "unbound" {}
            }
            if !target.goes_on() {
                return;
            }
        }
    }
}

fn forgeries(target: &Target) {
    let mut random = StdRng::seed_from_u64(1);
    let mut client = target.connect();
    client.bind(1, "/forged");
    while target.goes_on() {
        for session in 2..100 {
            client.send(&format!("bind {session} 7 0 0 0\n"), b"/forged");
            let (file, salt) = (random.random_range(0..99), random.random::<u64>() >> 1);
            client.send(&format!("ident {session} {file} {salt} 0 0 0 0\n"), b"");
        }
        for _ in 2..100 {
            client.error();
        }
        for session in 2..100 {
            client.send(&format!("unbind {session}\n"), b"");
        }
    }
}

fn noise(target: &Target) {
    let mut random = StdRng::seed_from_u64(2);
    while target.goes_on() {
        let mut client = target.connect();
        client.bind(1, "/noise");
        let mut bytes = vec![0; random.random_range(0..1000)];
        random.fill_bytes(&mut bytes);
        client.wire.force(&bytes);
    }
}

fn unfinished(target: &Target) {
    let start = [announce(90 * MIB), vec![b'x'; 80 * MIB]].concat();
    while target.goes_on() {
        let mut crowd: Vec<Client> = (0..8).map(|_| target.connect()).collect();
        for client in &mut crowd {
            client.wire.force(&start);
        }
        for _ in 0..100 {
            for client in &mut crowd {
                client.wire.force(b"x");
            }
            if !target.goes_on() {
                return;
            }
        }
    }
}

fn bombs(target: &Target) {
    let size = 64 * MIB;
    let bomb = deflated(&vec![0; size]);
    // One byte is missing, so it is inflated for nothing.
    let head = format!("upload 1 1 {} {} 2 0 0\n", size + 1, bomb.len());
    while target.goes_on() {
        let mut client = target.connect();
        client.bind(1, "/bomb");
        client.send(&head, &bomb);
        assert_eq!(client.error().0, 101);
    }
}

fn list_edits(target: &Target) {
    let edit = list_edit(0..3000);
    let mut round = 0;
    while target.goes_on() {
        round += 1;
        let path = format!("/lists/{round}");
        let mut pair = [target.connect(), target.connect()];
        for client in &mut pair {
            client.bind(1, &path);
        }
        for client in &mut pair {
            client.upload(1, &edit);
        }
        for client in &mut pair {
            client.acknowledged();
        }
    }
}

fn downloads(target: &Target) {
    let mut random = StdRng::seed_from_u64(3);
    let mut client = target.connect();
    client.bind(1, "/large");
    client.upload(1, &blob(&mut random, 14 * MIB));
    // Who has not seen more than a merge may read is told to reset; it reads all the same.
    loop {
        let message = client.next();
        match message.kind() {
            "json_error" => {
                assert_eq!(message.number(1), 222, "{}", message.json());
                break;
            }
            "download" if message.number(6) >= client.version => break,
            _ => {}
        }
    }
    while target.goes_on() {
        client.bind(2, "/large");
        client.send("unbind 2\n", b"");
        while client.next().kind() != "unbound" {}
    }
}
