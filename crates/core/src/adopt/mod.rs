//! Taking over the users of another application: which table and columns hold them, what becomes of each row, and what
//! the application's own settings are.
//!
//! In reading order: the shape of somebody's database, which column means what, a row as it was there, the rules for
//! names that come from elsewhere, and the four settings as an application's files state them.

mod extra;
mod mapping;
mod naming;
mod note;
mod row;
mod shape;

mod application;
mod choice;
mod python;
mod python_text;

pub use application::{
    AppSetting, Found, Literal, Place, findings_in_dotenv, findings_in_python, is_whole_python,
};
pub use choice::{Choice, choose};
pub use mapping::{ItemMapping, MapOverride, Mapping};
pub use naming::{Arrival, Naming};
pub use note::Note;
pub use row::{Adopted, AdoptedItem, Seen};
pub use shape::{Cell, ColumnShape, TableShape};
