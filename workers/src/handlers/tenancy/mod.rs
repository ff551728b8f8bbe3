//! Jobs of tenancy: mails of sign-in.

mod mail_send;
