//! Rights as they are named on the command line.

use ros::client::permissions::Flags;

/// The rights that are meant.
#[derive(clap::Args)]
pub struct Rights {
    /// Reading
    #[arg(long)]
    read: bool,
    /// Writing, which implies reading
    #[arg(long)]
    write: bool,
    /// Changing permissions and removing classes, which implies reading
    #[arg(long)]
    manage: bool,
}

impl Rights {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        !(self.read || self.write || self.manage)
    }

    /// This for each that is named, and that for the others.
    pub fn flags(&self, named: bool, other: Option<bool>) -> Flags {
        let flag = |is_named: bool| if is_named { Some(named) } else { other };
        Flags {
            read: flag(self.read),
            write: flag(self.write),
            manage: flag(self.manage),
        }
    }
}
