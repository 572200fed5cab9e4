//! A client from inside.

mod briefing;
mod client;
mod quotas;
mod restart;
mod session_choice;
