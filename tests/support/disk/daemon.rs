//! The process of a disk: the file system on one side, what a test asks on the other.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fuser::{BackgroundSession, Config, MountOption, Session};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::mount::UnmountFlags;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fuse;
use super::state::{Fault, State};
use super::tree::Loss;

/// The test that is the disk when [`FOLDER`] is set.
pub const TEST: &str = "support::disk::tests::a_disk_is_a_process_of_its_own";
/// The environment variable that names the folder with `disk`, where it is mounted, and `line`, the socket on which it is asked.
pub const FOLDER: &str = "ROS_TEST_DISK";

/// What a disk is asked.
#[derive(Debug, Serialize, Deserialize)]
pub enum Ask {
    Wipe,
    Count,
    Recent,
    Plan(u64, Fault),
    TakeStrike,
    IsTroubled,
    Heal,
    LeaveRoom(u64),
    CutPower,
    IsOff,
    RestorePower(Loss, u64),
}

/// Is a disk until nobody asks any more.
pub fn run(folder: &Path) {
    let mut answers = UnixStream::connect(folder.join("line")).unwrap();
    let asks = BufReader::new(answers.try_clone().unwrap());
    let mut say = |answer: Value| {
        let answer = format!("{answer}\n");
        answers.write_all(answer.as_bytes()).is_ok()
    };
    let state = Arc::new(Mutex::new(State::new()));
    let mountpoint = folder.join("disk");
    let session = match mount(state.clone(), &mountpoint) {
        Ok(session) => session,
        Err(error) => {
            say(json!({ "Err": error.to_string() }));
            return;
        }
    };
    say(json!({ "Ok": null }));
    for ask in asks.lines().map_while(Result::ok) {
        let answer = answer(
            &mut super::fuse::lock(&state),
            serde_json::from_str(&ask).unwrap(),
        );
        if !say(answer) {
            break;
        }
    }
    if session.umount_and_join().is_err() {
        // Somebody died with a file open.
        rustix::mount::unmount(&mountpoint, UnmountFlags::DETACH).unwrap();
    }
}

fn mount(state: Arc<Mutex<State>>, mountpoint: &Path) -> std::io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("ros-tests".into()),
        MountOption::NoAtime,
    ];
    Session::new(fuse::Files::new(state), mountpoint, &config)?.spawn()
}

fn answer(state: &mut State, ask: Ask) -> Value {
    match ask {
        Ask::Count => return json!(state.count()),
        Ask::Recent => return json!(state.recent()),
        Ask::TakeStrike => return json!(state.take_strike()),
        Ask::IsTroubled => return json!(state.is_troubled()),
        Ask::IsOff => return json!(state.is_off()),
        Ask::Wipe => state.wipe(),
        Ask::Plan(number, fault) => state.plan(number, fault),
        Ask::Heal => state.heal(),
        Ask::LeaveRoom(bytes) => state.leave_room(bytes),
        Ask::CutPower => state.cut_power(),
        Ask::RestorePower(loss, seed) => {
            state.restore_power(loss, &mut StdRng::seed_from_u64(seed));
        }
    }
    Value::Null
}
