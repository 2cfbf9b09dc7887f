//! Taking over a living application: its users and items, its key, and a configuration that fits it.

pub mod application;
pub mod configuration;
pub mod in_place;
mod key;
pub mod plan;
mod reading;
pub mod release;
mod report;
mod users;
pub mod way_back;

pub use reading::{Row, Survey, send_rows, survey};
pub use report::{ItemReport, Report, RowReport};
pub use users::{Adoption, Origin, OtherDatabase, Problem};
