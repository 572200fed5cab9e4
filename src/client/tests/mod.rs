//! A client from inside.

mod briefing;
mod client;
mod quotas;
mod session_choice;
