//! Passwords: which may be set, how they are kept, how they are proven.

mod argon2;
mod bcrypt;
mod dummy;
mod memory;
mod password;
mod policy;
mod scheme;

pub use dummy::draw_dummy;
pub use memory::Memory;
pub use password::{Verdict, burn, get_password_hash, recognise, scheme_cost, verify_password};
pub use policy::{NewPassword, PasswordError, PasswordPolicy};
pub use scheme::{HashParams, HashString, Scheme, SchemeCost};
