//! Every rule of Sekisho, and nothing else: no I/O, no async, no clock and no randomness of its own.
//!
//! Time and dice are arguments ([`time::Timestamp`], [`dice::Dice`]), so a test moves the clock and loads the
//! dice. What comes from outside is parsed once into a type that can't hold anything malformed
//! ([`accounts::Email`], [`accounts::Username`]), and every refusal is one of [`refusal::Refusal`].
//!
//! In reading order: the small things that everything is made of, accounts, credentials, tokens, and the facts
//! worth keeping.

pub mod ctx;
pub mod dice;
pub mod id;
pub mod secret;
pub mod time;

pub mod refusal;

pub mod accounts;
pub mod credentials;
pub mod jose;
pub mod keys;

pub mod audit;
pub mod items;
pub mod limit;
