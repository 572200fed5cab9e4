//! A client from inside.

mod briefing;
mod client;
mod session_choice;
