//! What others notice of an attack: nothing but that the machine has more to do.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::attacks::{ATTACKS, Attack, BUSY, Target};
use super::client::{Client, list_edit};
use crate::support::server::Server;

/// Does something while an attack goes on. Whose attacker is `away` does its own work elsewhere in the world: here it takes what others leave of the processors.
fn beside<T>(server: &Server, attack: &Attack, away: bool, work: impl FnOnce() -> T) -> T {
    let target = Target {
        address: server.address(),
        token: server.admin_token(),
        stop: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            if away {
                give_way();
            }
            (attack.run)(&target);
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        target.stop.store(true, Ordering::Relaxed);
        assert!(attacker.join().is_ok(), "{}: it has ended", attack.name);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// From here on this thread, and each that it starts, runs only where nothing else wants to: whatever wakes takes the processor from it at once. A low priority would not do,
/// since those who have one keep the processor for some milliseconds.
fn give_way() {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let done = std::process::Command::new("chrt")
        .args(["--idle", "--pid", "0"])
        .arg(thread.file_name().unwrap())
        .status();
    assert!(done.unwrap().success(), "chrt (util-linux)");
}

impl Attack {
    fn server(&self) -> Server {
        match self.limits {
            "" => Server::start(),
            limits => Server::with_configuration(limits),
        }
    }
}

/// `others` is what others may have made it need besides, in MiB.
fn is_within(server: &Server, attack: &Attack, others: usize) {
    let (memory, most) = (server.peak_memory(), attack.most_memory + others);
    assert!(memory < most, "{}: {memory} MiB", attack.name);
}

#[test]
fn others_go_on_beside_every_attack() {
    for attack in ATTACKS {
        let server = attack.server();
        let mut good = Client::connect(&server);
        good.bind(1, "/good");
        beside(&server, attack, false, || {
            for _ in 0..20 {
                good.upload(1, &list_edit(0..0));
                good.acknowledged();
            }
        });
        is_within(&server, attack, 0);
    }
}

/// Times to acknowledgement of `ros bench load` in a closed loop, in milliseconds.
#[derive(Clone, Copy)]
struct Times {
    median: f64,
    p99: f64,
}

/// MiB that the Realms of all rounds take in the server's caches.
const REALMS: usize = 50;

/// Those of the middle of several rounds.
fn middle(mut rounds: Vec<Times>) -> Times {
    rounds.sort_by(|a, b| a.p99.total_cmp(&b.p99));
    rounds[rounds.len() / 2]
}

fn bench(server: &Server, transactions: u32) -> Times {
    let words = format!("bench load --clients 2 --tx {transactions} --path /bench -o json");
    let token = server.root().join("keys/admin.token");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_ros"))
        .args(words.split(' '))
        .args(["--server", &server.url(), "--admin-token-file"])
        .arg(token)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let milliseconds = |name: &str| report["ack_ms"][name].as_f64().unwrap();
    Times {
        median: milliseconds("p50"),
        p99: milliseconds("p99"),
    }
}

/// `ROS_LONG=1` measures and prints, `ROS_ATTACK=name` only this one; otherwise one attack shows that measuring works. On the machine that an attacker shares with the server he
/// takes something even if he never speaks to it; so times are measured alone, beside a process that only keeps a processor busy, and beside the attack, in turns.
#[test]
fn times_beside_every_attack() {
    let is_long = std::env::var_os("ROS_LONG").is_some();
    let (attacks, rounds, transactions) = match is_long {
        true => (ATTACKS, 5, 1500),
        false => (&ATTACKS[..1], 1, 300),
    };
    println!(
        "attack | median alone | p99 alone | median, busy | p99, busy | median beside | p99 beside | over alone | over busy | memory MiB | files"
    );
    let only = std::env::var("ROS_ATTACK").ok();
    let wanted = |attack: &&Attack| only.as_ref().is_none_or(|only| attack.name == only);
    for attack in attacks.iter().filter(wanted) {
        let server = attack.server();
        let bench = || bench(&server, transactions);
        bench(); // warms up
        let (mut alone, mut busy, mut with, mut files) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            alone.push(bench());
            busy.push(beside(&server, &BUSY, true, bench));
            let (times, open) = beside(&server, attack, true, || (bench(), server.open_files()));
            with.push(times);
            files = files.max(open);
        }
        let (alone, busy, with) = (middle(alone), middle(busy), middle(with));
        let over = |other: Times| 100.0 * (with.p99 / other.p99 - 1.0);
        println!(
            "{} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:+.0} % | {:+.0} % | {} | {files}",
            attack.name,
            alone.median,
            alone.p99,
            busy.median,
            busy.p99,
            with.median,
            with.p99,
            over(alone),
            over(busy),
            server.peak_memory(),
        );
        is_within(&server, attack, REALMS);
    }
}
