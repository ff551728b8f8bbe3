//! Conversations: texts that came in.

mod automate;
mod inbound_message;
mod ordinary_texts;
