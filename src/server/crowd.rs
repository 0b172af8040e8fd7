//! How many connections come from one address: so many that nobody keeps others out, and no more.
//!
//! An address is what one client has to itself: of IPv6 a network of 64 bits. Proxies that are trusted stand for many, and are not counted themselves; of each
//! WebSocket that comes through one, the client is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ident::own_network;

/// Who is here. No more addresses than connections.
pub struct Crowd {
    most: usize,
    here: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address, until it is dropped.
pub struct Presence {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    /// So many from one address.
    pub fn new(most: usize) -> Arc<Crowd> {
        Arc::new(Crowd {
            most,
            here: Mutex::default(),
        })
    }

    /// One more from this address; `None` if there are too many.
    pub fn enter(self: &Arc<Crowd>, address: IpAddr) -> Option<Presence> {
        let address = own_network(address);
        let mut here = self.lock();
        let count = here.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(here);
        let crowd = self.clone();
        Some(Presence { crowd, address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut here = self.crowd.lock();
        if let Some(count) = here.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                here.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_so_many_and_gets_them_back() {
        let crowd = Crowd::new(2);
        let enter = |address: &str| crowd.enter(address.parse().unwrap());
        let one = enter("192.0.2.1");
        let two = enter("::ffff:192.0.2.1");
        assert!(one.is_some() && two.is_some());
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        drop(one);
        assert!(enter("192.0.2.1").is_some());
        drop(two);
        assert_eq!(crowd.lock().len(), 0);
    }

    #[test]
    fn neighbours_in_one_network_count_together() {
        let crowd = Crowd::new(1);
        let enter = |address: &str| crowd.enter(address.parse().unwrap());
        let here = enter("2001:db8::1");
        assert!(here.is_some());
        assert!(enter("2001:db8::ffff").is_none());
        assert!(enter("2001:db8:0:1::1").is_some());
    }
}
