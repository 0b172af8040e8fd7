//! Which process listens on a port, as far as this one may know.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// Who listens where this would; nothing if nobody does, or it is somebody else's process.
pub fn holder(wanted: SocketAddr) -> Option<Holder> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .flat_map(|table| listening(&table, wanted))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| has_one_of(*pid, &sockets))
        .map(|pid| Holder {
            pid,
            name: name(pid),
        })
}

/// The inodes of the sockets in a table of the kernel that listen where this would.
fn listening(table: &str, wanted: SocketAddr) -> Vec<u64> {
    const LISTENS: &str = "0A";
    let of_line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let address = socket(address)?;
        let meet = address.ip() == wanted.ip()
            || address.ip().is_unspecified()
            || wanted.ip().is_unspecified();
        let fits = *state == LISTENS && address.port() == wanted.port() && meet;
        fits.then(|| inode.parse().ok())?
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

/// An address in the kernel's spelling: words in the order of this machine, in hex.
fn socket(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let word = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
    };
    let address: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut bytes = [0; 16];
            for (at, place) in bytes.chunks_mut(4).enumerate() {
                place.copy_from_slice(&word(at)?);
            }
            Ipv6Addr::from(bytes).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

fn has_one_of(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let links = files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok());
    links
        .filter_map(|link| link.into_os_string().into_string().ok())
        .any(|link| sockets.contains(&link))
}

fn name(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm"));
    name.map_or_else(
        |_| "a process".to_owned(),
        |name| name.trim_end().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_found() {
        for address in ["127.0.0.1:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue; // A host without the second family.
            };
            let address = listener.local_addr().unwrap();
            let found = holder(address).unwrap();
            assert_eq!(found.pid, std::process::id());
            assert!(!found.name.is_empty());
            drop(listener);
            assert_eq!(holder(address), None);
        }
    }

    #[test]
    fn strange_tables_say_nothing() {
        let wanted = "127.0.0.1:80".parse().unwrap();
        let line = |address: &str| format!("head\n 0: {address} 0:0 0A 0:0 0:0 0 0 0 77 1\n");
        assert_eq!(listening(&line("0100007F:0050"), wanted), [77]);
        assert_eq!(listening(&line("00000000:0050"), wanted), [77]);
        for address in [
            "",
            ":",
            "0200007F:0050",
            "0100007F:0051",
            "0100007é:0050",
            "zz:50",
        ] {
            assert!(listening(&line(address), wanted).is_empty(), "{address}");
        }
    }
}
