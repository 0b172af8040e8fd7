//! Which connections were opened with which login. When a login ends, so do they.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::Surroundings;
use crate::ident::{LoginId, UnixTime};

use super::clock;

/// The logins of all connections.
#[derive(Clone, Default)]
pub struct Logins(Arc<Mutex<Table>>);

/// One connection's entry. Dropping it takes it out.
pub struct Entry {
    logins: Logins,
    login: LoginId,
    number: u64,
}

impl Logins {
    /// Enters a connection. `over` is called when its login ends.
    pub fn enter(&self, login: &LoginId, over: impl FnOnce() + Send + 'static) -> Entry {
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        let connections = table.connections.entry(login.clone()).or_default();
        connections.insert(number, Box::new(over));
        Entry {
            logins: self.clone(),
            login: login.clone(),
            number,
        }
    }

    fn end(&self, logins: &[LoginId]) {
        let mut over = Vec::new();
        let mut table = self.lock();
        for login in logins {
            over.extend(
                table
                    .connections
                    .remove(login)
                    .into_iter()
                    .flat_map(HashMap::into_values),
            );
        }
        drop(table);
        for over in over {
            over();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut table = self.logins.lock();
        let Some(connections) = table.connections.get_mut(&self.login) else {
            return;
        };
        connections.remove(&self.number);
        if connections.is_empty() {
            table.connections.remove(&self.login);
        }
    }
}

/// What is called when a login ends.
type Over = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Table {
    connections: HashMap<LoginId, HashMap<u64, Over>>,
    next: u64,
}

impl Surroundings for Logins {
    fn now(&self) -> UnixTime {
        clock::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        rand::RngCore::fill_bytes(&mut rand::rng(), buffer);
    }

    fn ended(&self, logins: &[LoginId]) {
        self.end(logins);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn connections_end_with_their_login_and_leave_nothing_behind() {
        let (logins, ended) = (Logins::default(), Arc::new(AtomicU32::new(0)));
        let enter = |login: &LoginId| {
            let ended = ended.clone();
            logins.enter(login, move || {
                ended.fetch_add(1, Ordering::Relaxed);
            })
        };
        let (ours, theirs) = (LoginId("1".into()), LoginId("2".into()));
        let entries = [enter(&ours), enter(&ours), enter(&theirs)];
        drop(enter(&ours));
        logins.end(std::slice::from_ref(&ours));
        assert_eq!(ended.load(Ordering::Relaxed), 2);
        logins.end(&[ours]);
        assert_eq!(ended.load(Ordering::Relaxed), 2);
        drop(entries);
        assert!(logins.lock().connections.is_empty());
    }
}
