//! Under what names all nodes count.

use std::net::IpAddr;

use sekisho_core::Timestamp;
use sekisho_core::limit::counted_as;
use sekisho_store::{Counted, Error, Store};

use crate::address::AddressKey;

/// Where all nodes count, and under what key.
pub(super) struct Shared {
    pub(super) store: Store,
    key: [u8; 32],
}

/// Under what one log-in is counted.
pub(super) struct Names {
    pub(super) pair: Counted,
    pub(super) address: Counted,
    pub(super) account: Counted,
    /// Until when the address is known to the account.
    pub(super) known: Counted,
}

impl Shared {
    pub(super) fn new(store: Store, key: [u8; 32]) -> Shared {
        Shared { store, key }
    }

    pub(super) fn names(&self, account: &str, peer: Option<IpAddr>) -> Names {
        let (account, address) = (account.as_bytes(), AddressKey::of(peer).to_bytes());
        let of = |what, parts| counted_as(&self.key, what, parts);
        Names {
            pair: of("account and address", [account, &address]),
            address: of("address", [&address, &[]]),
            account: of("account", [account, &[]]),
            known: of("known", [account, &address]),
        }
    }

    /// Notes until when an address is known.
    pub(super) async fn remember(&self, known: &Counted, until: Timestamp) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        tx.set_limit(known, until).await?;
        tx.commit().await
    }
}
