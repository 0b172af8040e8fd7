//! The life of the process: signals, and what systemd is told.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Handle;
use crate::log::FATAL;

/// The signals that the program takes.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// From now on they do not end the process by themselves.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.hangup.recv() => Told::Reload,
        }
    }
}

/// What a signal says.
enum Told {
    Stop,
    Reload,
}

/// Waits for SIGTERM or SIGINT. Until then SIGHUP calls `reload`. Afterwards, while the server finishes its work, a second signal calls `end_now`.
pub async fn until_told_to_stop(
    mut signals: Signals,
    handle: Handle,
    mut reload: impl FnMut(),
    end_now: impl FnOnce() + Send + 'static,
) {
    tell(&[NotifyState::Ready]);
    let mut pulse = pulse();
    loop {
        tokio::select! {
            told = signals.next() => match told {
                Told::Stop => break,
                Told::Reload => {
                    begin_reload();
                    reload();
                    tell(&[NotifyState::Ready]);
                }
            },
            _ = pulse.tick() => tell(&[
                NotifyState::Watchdog,
                NotifyState::Status(&handle.summary()),
            ]),
        }
    }
    tracing::info!("stopping");
    let status = "Finishing what has arrived";
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                told = signals.next() => match told {
                    Told::Stop => break,
                    Told::Reload => {}
                },
                _ = pulse.tick() => tell(&[NotifyState::Watchdog]),
            }
        }
        tracing::error!(target: FATAL, "a second signal: ending now; what has not been acknowledged will be sent again");
        end_now();
    });
}

/// How often systemd hears of us: twice within the time after which it takes us for dead.
fn pulse() -> Interval {
    const USUALLY: Duration = Duration::from_secs(10);
    let watchdog = sd_notify::watchdog_enabled().map(|time| time / 2);
    let every = watchdog.unwrap_or(USUALLY).min(USUALLY);
    let mut pulse = interval(every.max(Duration::from_millis(10)));
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pulse
}

fn begin_reload() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the clock cannot be read"),
    }
}

/// Nothing where systemd does not listen.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}
