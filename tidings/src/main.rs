//! The `tidings` program. Everything is in the library, which is compiled once: a future that is
//! polled here would be compiled again for this crate.

use std::process::ExitCode;

/// The global allocator. A request makes around a hundred small allocations, freed on the thread
/// that finishes it. The C library's allocator spent a quarter of the service's time on them, much
/// of it waiting for its own locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tidings::main()
}
