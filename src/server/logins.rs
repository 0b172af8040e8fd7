//! Which connections are whose, and were opened with which login. When a login ends, or all of a user is over, so are they.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Caller;
use crate::ident::{LoginId, UserId};

/// The connections of all logins and users.
#[derive(Clone, Default)]
pub struct Logins(Arc<Mutex<Table>>);

/// One connection's entry. Dropping it takes it out.
pub struct Entry {
    logins: Logins,
    number: u64,
    whose: [Option<Whose>; 2],
}

impl Logins {
    /// Enters a connection. `over` is called when its login ends, or all of its user is over.
    pub fn enter(&self, caller: &Caller, over: impl Fn() + Send + Sync + 'static) -> Entry {
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        let over: Over = Arc::new(over);
        let whose = [
            Some(Whose::User(caller.user.clone())),
            caller.login.clone().map(Whose::Login),
        ];
        for whose in whose.iter().flatten() {
            let connections = table.connections.entry(whose.clone()).or_default();
            connections.insert(number, over.clone());
        }
        Entry {
            logins: self.clone(),
            number,
            whose,
        }
    }

    /// These logins have ended.
    pub fn ended(&self, logins: &[LoginId]) {
        self.end(logins.iter().cloned().map(Whose::Login));
    }

    /// All that this user has open is over.
    pub fn user_ended(&self, user: &UserId) {
        self.end(std::iter::once(Whose::User(user.clone())));
    }

    fn end(&self, all: impl Iterator<Item = Whose>) {
        let over: Vec<Over> = {
            let mut table = self.lock();
            all.filter_map(|whose| table.connections.remove(&whose))
                .flat_map(HashMap::into_values)
                .collect()
        };
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
        for whose in self.whose.iter().flatten() {
            let Some(connections) = table.connections.get_mut(whose) else {
                continue;
            };
            connections.remove(&self.number);
            if connections.is_empty() {
                table.connections.remove(whose);
            }
        }
    }
}

/// What a connection ends with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    User(UserId),
    Login(LoginId),
}

/// What is called when it ends.
type Over = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Table {
    connections: HashMap<Whose, HashMap<u64, Over>>,
    next: u64,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn connections_end_with_their_login_or_user_and_leave_nothing_behind() {
        let (logins, ended) = (Logins::default(), Arc::new(AtomicU32::new(0)));
        let enter = |user: &str, login: Option<&str>| {
            let caller = Caller {
                endpoint: crate::access::Endpoint::Classic,
                user: UserId(user.into()),
                admin: false,
                token: None,
                expires_at: None,
                issued_at: None,
                login: login.map(|login| LoginId(login.into())),
            };
            let ended = ended.clone();
            logins.enter(&caller, move || {
                ended.fetch_add(1, Ordering::Relaxed);
            })
        };
        let count = || ended.load(Ordering::Relaxed);
        let one = LoginId("1".into());
        let entries = [
            enter("ada", Some("1")),
            enter("ada", Some("1")),
            enter("ada", Some("2")),
            enter("ada", None),
            enter("bob", None),
        ];
        drop(enter("ada", Some("1")));
        logins.ended(std::slice::from_ref(&one));
        assert_eq!(count(), 2);
        logins.ended(&[one]);
        assert_eq!(count(), 2);
        logins.user_ended(&UserId("bob".into()));
        assert_eq!(count(), 3);
        logins.user_ended(&UserId("ada".into()));
        assert_eq!(count(), 7, "whoever was told before is told once more");
        drop(entries);
        assert!(logins.lock().connections.is_empty());
    }
}
