//! A client from inside.

mod client;
mod quotas;
mod session_choice;
