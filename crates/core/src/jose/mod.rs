//! Access tokens: JWTs signed with HMAC (RFC 7515, RFC 7518, RFC 7519), read as strictly as the RFCs allow.

mod alg;
mod base64;
mod claims;
mod header;
mod inspect;
mod key;
mod object;
mod published;
mod sign;
mod verify;

pub use alg::{Algorithm, UnknownAlgorithm};
pub use claims::Claims;
pub use inspect::read_unverified;
pub use key::{EmptyKey, KeyRing};
pub use published::{is_published_secret, is_weak};
pub use sign::sign;
pub use verify::{Rules, verify};
