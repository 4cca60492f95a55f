//! The one binary, `fake-stripe-chaos`: it hands the command line to [`orchestrator::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Memory that one thread allocates is often freed by another here (a journal entry, an answer), which
/// takes the C library's allocator several times as long.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    orchestrator::cli::main()
}
