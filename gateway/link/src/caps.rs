use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// Counts who is within, and admits at most so many of each key.
#[derive(Debug)]
pub(crate) struct Cap<K> {
    most: usize,
    within: Mutex<BTreeMap<K, usize>>,
}

impl<K: Ord + Clone> Cap<K> {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, within: Mutex::new(BTreeMap::new()) })
    }

    /// Admits one more of `key`, until the result is dropped; `None` if there are enough.
    pub(crate) fn enter(self: &Arc<Self>, key: K) -> Option<Entered<K>> {
        let mut within = self.within.lock().unwrap_or_else(PoisonError::into_inner);
        let count = within.get(&key).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        within.insert(key.clone(), count + 1);
        Some(Entered { cap: self.clone(), key })
    }
}

/// One that is within.
#[derive(Debug)]
pub(crate) struct Entered<K: Ord + Clone> {
    cap: Arc<Cap<K>>,
    key: K,
}

impl<K: Ord + Clone> Drop for Entered<K> {
    fn drop(&mut self) {
        let mut within = self.cap.within.lock().unwrap_or_else(PoisonError::into_inner);
        match within.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                within.remove(&self.key);
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or an IPv6 /64, which is what one customer is given.
pub(crate) fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let cap = Cap::new(2);
        let first = cap.enter("a").unwrap();
        let second = cap.enter("a").unwrap();
        assert!(cap.enter("a").is_none() && cap.enter("b").is_some());
        drop(first);
        assert!(cap.enter("a").is_some());
        drop(second);
        assert!(cap.within.lock().unwrap().is_empty());
    }

    #[test]
    fn one_customer_s_ipv6_addresses_are_one_source() {
        let source = |text: &str| source_of(text.parse().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }
}
