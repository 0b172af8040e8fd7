//! Which connection has which client file. A file that comes back on another connection ends the old one: its client has given it up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ident::{FileIdent, RealmName};

/// The claims of all connections.
#[derive(Clone, Default)]
pub struct Claims(Arc<Mutex<Table>>);

/// One claim. Dropping it gives the file up.
pub struct Claim {
    claims: Claims,
    file: (RealmName, FileIdent),
    number: u64,
}

impl Claims {
    /// Claims a file. `superseded` is called when another connection takes it.
    pub fn take(
        &self,
        realm: &RealmName,
        file: FileIdent,
        superseded: impl FnOnce() + Send + 'static,
    ) -> Claim {
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        let file = (realm.clone(), file);
        let before = table.owners.insert(
            file.clone(),
            Owner {
                number,
                superseded: Box::new(superseded),
            },
        );
        drop(table);
        if let Some(owner) = before {
            (owner.superseded)();
        }
        Claim {
            claims: self.clone(),
            file,
            number,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut table = self.claims.lock();
        if table
            .owners
            .get(&self.file)
            .is_some_and(|owner| owner.number == self.number)
        {
            table.owners.remove(&self.file);
        }
    }
}

#[derive(Default)]
struct Table {
    owners: HashMap<(RealmName, FileIdent), Owner>,
    next: u64,
}

struct Owner {
    number: u64,
    superseded: Box<dyn FnOnce() + Send>,
}
