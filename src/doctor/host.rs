//! The host: limits and clock.

use rustix::process::{Resource, getrlimit};

use super::{Finding, printed};

/// How many files a process may have open: one for each connection, six for each open Realm.
pub fn files() -> Finding {
    let most = getrlimit(Resource::Nofile).maximum;
    judged_files(most)
}

fn judged_files(most: Option<u64>) -> Finding {
    const CHECK: &str = "open-files";
    const HINT: &str =
        "LimitNOFILE=1048576 in the unit of systemd, or `ulimit -Hn 1048576` before the start";
    match most {
        None => Finding::ok(CHECK, "as many files as wanted may be open"),
        Some(most) if most >= 65_536 => Finding::ok(CHECK, format!("{most} files may be open")),
        Some(most) if most >= 4096 => Finding::warn(
            CHECK,
            format!("{most} files may be open, so few clients can be connected"),
            HINT,
        ),
        Some(most) => Finding::bad(CHECK, format!("only {most} files may be open"), HINT),
    }
}

/// Whether somebody sets the clock: tokens end by it.
pub fn clock() -> Finding {
    const CHECK: &str = "clock";
    let systemd = printed(
        "timedatectl",
        &["show", "--property=NTPSynchronized", "--value"],
    );
    let chrony = || printed("chronyc", &["-n", "tracking"]);
    match synchronized(systemd.as_deref(), chrony) {
        Some(true) => Finding::ok(CHECK, "the clock is set from the network"),
        Some(false) => Finding::warn(
            CHECK,
            "the clock is not set from the network: tokens would end too early or too late",
            "timedatectl set-ntp true, or install chrony",
        ),
        None => Finding::warn(
            CHECK,
            "it is not known who sets the clock",
            "in a container or a virtual machine the host's clock counts; elsewhere install systemd-timesyncd or chrony",
        ),
    }
}

fn synchronized(systemd: Option<&str>, chrony: impl FnOnce() -> Option<String>) -> Option<bool> {
    if systemd.is_some_and(|said| said.trim() == "yes") {
        return Some(true);
    }
    let chrony = chrony();
    let normal = chrony.map(|text| {
        text.lines()
            .any(|line| line.starts_with("Leap status") && line.ends_with("Normal"))
    });
    normal.or(systemd.map(|_| false))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn few_files_are_bad() {
        let state = |most| judged_files(most).state;
        assert_eq!(state(None), State::Ok);
        assert_eq!(state(Some(1 << 20)), State::Ok);
        assert_eq!(state(Some(65_535)), State::Warn);
        assert_eq!(state(Some(1024)), State::Bad);
    }

    #[test]
    fn either_of_two_may_set_the_clock() {
        let chrony = |text: Option<&str>| text.map(str::to_owned);
        let good = Some("Reference ID : 1\nLeap status     : Normal\n");
        let bad = Some("Leap status     : Not synchronised\n");
        for (systemd, other, is) in [
            (Some("yes\n"), None, Some(true)),
            (Some("no\n"), good, Some(true)),
            (Some("no\n"), bad, Some(false)),
            (Some("no\n"), None, Some(false)),
            (None, good, Some(true)),
            (None, None, None),
        ] {
            assert_eq!(synchronized(systemd, || chrony(other)), is);
        }
    }
}
