//! A client from inside.

mod blob_reference;
mod briefing;
mod client;
mod doubt;
mod quotas;
mod restart;
mod session_choice;
