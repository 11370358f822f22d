//! The program as it is run, and the private servers as tests use them: real processes.

mod commands;
mod import;
mod servers;
mod support;
mod up;
