//! The `sekisho` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho::cli::main()
}
