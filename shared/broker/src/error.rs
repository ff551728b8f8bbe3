//! Errors of the broker. All of it means: this connection is done, open another.

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The broker or the connection to it failed.
    #[error("broker: {0}")]
    Broker(#[from] lapin::Error),
    /// The broker's URL cannot be read. It is not repeated here, for it holds a password.
    #[error(
        "the broker's URL is not of the form amqp://user:password@host:port/vhost, with commas between several host:port"
    )]
    Url,
    /// The management API's URL cannot be read. It is not repeated here, for it holds a password.
    #[error("the management API's URL is not of the form http://user:password@host:port")]
    ManagementUrl,
    /// The management API refuses.
    #[error("RabbitMQ's management API: {0}")]
    Management(String),
    /// The management API cannot be reached.
    #[error("RabbitMQ's management API: {0}")]
    Unreachable(String),
    /// The broker did not answer in time: it is overloaded, blocked by an alarm, or cut off.
    #[error("broker: no answer within {0:?} to {1}")]
    TimedOut(std::time::Duration, &'static str),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
