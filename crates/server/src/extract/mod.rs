//! What a handler may ask for in its arguments: the call's context and the caller.

mod call;
mod current_user;

pub use call::Call;
pub use current_user::CurrentUser;
