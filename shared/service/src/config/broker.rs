//! `[broker]`: RabbitMQ.

use secrecy::SecretString;

use super::{
    key::{required, unset},
    section::{Check, section},
};

section! {
    /// RabbitMQ.
    Broker in "broker" {
        /// `amqp://user:password@host:port/vhost`, or `amqps`. Of several nodes, with commas
        /// between each `host:port`, connections go to whichever takes them.
        url: SecretString = required(), env "amqp_url";
        /// The management API, `http://user:password@host:port`, of one node or of several. Only
        /// `muster broker apply` and `muster doctor` use it.
        management_url: Option<SecretString> = unset(), env "rabbitmq_management_url";
    }
}

impl Check for Broker {}
