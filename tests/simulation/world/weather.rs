//! What goes wrong.

use rand::Rng;

use super::World;
use super::checks::Checks;
use crate::support::disk::{Fault, Loss, Trouble};

/// What may go wrong beside connections that break and devices that restart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// The server is killed; the power of its machine goes, and what was not synced with it.
    pub crashes: bool,
    /// Its disk fails or is full.
    pub troubles: bool,
    /// The same for the devices.
    pub phones: bool,
    /// The server's data is lost altogether, and devices are reset.
    pub forgets: bool,
    /// What is lost in a power cut, where it is not left to the dice.
    pub loss: Option<Loss>,
}

impl World<'_> {
    /// Something goes wrong, if the weather is so.
    pub(super) fn strike(&mut self) {
        match self.random.random_range(0..8) {
            0 if self.weather.crashes => {
                self.note("the server is killed".into());
                self.count("kills");
                self.disk.cut_power();
                self.power_returns(Loss::Nothing);
            }
            1 | 2 if self.weather.crashes => {
                let number = self.disk.count() + self.random.random_range(1..150);
                self.note(format!("the power will go at point {number}"));
                self.disk.plan(number, Fault::PowerCut);
            }
            3 | 4 if self.weather.troubles => {
                let fault = self.trouble();
                let number = self.disk.count() + self.random.random_range(1..60);
                self.note(format!("the server's disk at point {number}: {fault:?}"));
                self.disk.plan(number, fault);
            }
            5 if self.weather.troubles => {
                let room = self.random.random_range(0..30_000);
                self.note(format!("the server's disk has room for {room} bytes"));
                self.count("full disks");
                self.disk.leave_room(room);
            }
            6 if self.weather.phones => {
                let power = self.random.random_bool(0.5);
                let fault = if power {
                    Fault::PowerCut
                } else {
                    self.trouble()
                };
                let number = self.phones.count() + self.random.random_range(1..60);
                self.note(format!("the phones' disk at point {number}: {fault:?}"));
                self.phones.plan(number, fault);
            }
            7 if self.weather.forgets => self.forget(),
            _ => self.heal(),
        }
    }

    fn trouble(&mut self) -> Fault {
        let trouble = [Trouble::Broken, Trouble::Full][self.random.random_range(0..2)];
        if self.random.random_bool(0.7) {
            Fault::Once(trouble)
        } else {
            Fault::FromThenOn(trouble)
        }
    }

    fn heal(&mut self) {
        self.note("the disks are well".into());
        self.disk.heal();
        self.phones.heal();
    }

    /// Everything that the server had is lost.
    fn forget(&mut self) {
        self.note("the server has lost everything".into());
        self.lines.clear();
        self.server = None;
        self.disk.wipe();
        self.checks.values_mut().for_each(Checks::forget);
        self.start();
    }

    /// Whatever the step was: the power comes back, the server is started, the invariants hold.
    pub(super) fn after_step(&mut self) {
        if self.disk.is_off() {
            let any = [Loss::All, Loss::Nothing, Loss::Some, Loss::Some];
            let any = any[self.random.random_range(0..4)];
            let loss = self.weather.loss.unwrap_or(any);
            self.count("power cuts");
            self.power_returns(loss);
        }
        if self.phones.is_off() {
            self.phones_return();
        }
        if self.server.is_none() {
            self.start();
        }
        if !self.disk.is_off() {
            self.look();
        }
        if self.disk.take_strike() {
            self.count("strikes");
        }
        self.phones.take_strike();
        if self.disk.is_off() {
            self.after_step(); // the power went while the server was starting
        }
    }

    /// The server's machine is on again; what was on the way to clients may have arrived.
    fn power_returns(&mut self, loss: Loss) {
        self.note(format!(
            "the power is back, lost of what was not synced: {loss:?}"
        ));
        for id in self.lines.keys().copied().collect::<Vec<_>>() {
            while self.random.random_bool(0.6)
                && self
                    .lines
                    .get(&id)
                    .is_some_and(|line| !line.down.is_empty())
            {
                self.hear(id);
            }
        }
        self.lines.clear();
        self.server = None;
        self.disk.restore_power(loss, self.random.random());
        if self.weather.crashes && self.random.random_bool(0.3) {
            let number = self.disk.count() + self.random.random_range(1..60);
            self.note(format!("the power will go again at point {number}"));
            self.disk.plan(number, Fault::PowerCut);
        }
        self.start();
        if !self.disk.is_off() {
            self.look_at_disk();
        }
    }

    fn phones_return(&mut self) {
        let loss = [Loss::All, Loss::Nothing, Loss::Some][self.random.random_range(0..3)];
        self.note(format!(
            "the phones are on again, lost of what was not synced: {loss:?}"
        ));
        self.count("phone power cuts");
        for number in 0..self.devices.len() {
            if self.devices[number].file.is_some() {
                self.hang_up(number);
                self.devices[number].replica = None;
            }
        }
        self.phones.restore_power(loss, self.random.random());
        for number in 0..self.devices.len() {
            self.reopen(number);
        }
    }
}
