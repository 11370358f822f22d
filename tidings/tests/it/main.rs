//! Integration tests of the `tidings` program and of the embedded servers, with real processes.

mod accounts;
mod closed_pipes;
mod command_line;
mod commands;
mod confirmation;
mod dist;
mod empty_directory;
mod environment;
mod import;
mod reader;
mod servers;
mod support;
mod tokens;
mod up;
