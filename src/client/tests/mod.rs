//! A client from inside.

mod client;
mod session_choice;
