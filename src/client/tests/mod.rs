//! A client from inside.

mod briefing;
mod client;
mod doubt;
mod quotas;
mod restart;
mod session_choice;
