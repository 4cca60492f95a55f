//! The one binary, `fake-stripe-chaos`: it hands the command line to [`orchestrator::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    orchestrator::cli::main()
}
