//! `[broker]`: RabbitMQ.

use secrecy::SecretString;

use super::{
    key::{required, unset},
    section::{Check, section},
};

section! {
    /// RabbitMQ.
    Broker in "broker" {
        /// `amqp://user:password@host:port/vhost`, or `amqps`.
        url: SecretString = required(), env "amqp_url";
        /// The management API, `http://user:password@host:port`. Only `muster broker apply` and
        /// `muster doctor` use it.
        management_url: Option<SecretString> = unset(), env "rabbitmq_management_url";
    }
}

impl Check for Broker {}
