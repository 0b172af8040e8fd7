//! The first administrator at a start: made as the configuration says, or invited by a link.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::{Handle, StartError, clock};
use crate::audit::{Act, Entry};
use crate::config::Settings;
use crate::secret::Secret;
use crate::system::{Moment, System, SystemError};

/// Makes the administrator that the configuration wants, if there is none. Whoever has its name already stays as it is: somebody has suspended it, or wants it to be none.
pub fn make(system: &System, settings: &Settings) -> Result<(), StartError> {
    let Some(file) = &settings.administrator_password else {
        return Ok(());
    };
    if system.has_administrator()? {
        return Ok(());
    }
    let name = &settings.administrator_name;
    if system.is_known(name)? {
        tracing::warn!(
            name,
            "there is no administrator: whom the configuration names is there and is none, or is suspended, and stays so"
        );
        return Ok(());
    }
    let password = first_line(file).map_err(|cause| StartError::Password {
        file: file.clone(),
        cause,
    })?;
    let made = system.first_administrator(name, &password, &moment());
    if let Some(account) = made? {
        let entry = Entry::of(Act::AddUser)
            .user(&account.user)
            .app(&account.app);
        entry.detail("first administrator").done();
        tracing::info!(name, user = %account.user, "there is an administrator now, as the configuration says");
    }
    Ok(())
}

impl Handle {
    /// The token of a new link that makes the first administrator, once, within 15 minutes. `None` if there is an administrator, or the configuration wants no link.
    pub fn invite(&self) -> Result<Option<Secret>, SystemError> {
        let settings = self.0.door.settings();
        if settings.skip_setup {
            self.0.door.uninvite();
            return Ok(None);
        }
        self.0.door.invite(&moment())
    }
}

fn moment() -> Moment {
    let mut random = [0; 64];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut random);
    Moment {
        now: clock::now(),
        random,
    }
}

/// The first line of a file, without the white space around it.
fn first_line(file: &Path) -> io::Result<Secret> {
    /// No password is longer.
    const LONGEST: u64 = 4096;
    let mut line = String::new();
    BufReader::new(File::open(file)?.take(LONGEST)).read_line(&mut line)?;
    Ok(Secret::new(line.trim()))
}
