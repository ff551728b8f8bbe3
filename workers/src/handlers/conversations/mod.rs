//! Conversations: texts that came in.

mod inbound_message;
