//! The api daemon. `muster-api openapi` prints its OpenAPI document, for which no configuration is
//! needed.

use std::{io::Write, process::ExitCode};

use muster_service::daemon;

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("openapi") {
        return print_document();
    }
    daemon::run("api", muster_api::run).await
}

fn print_document() -> ExitCode {
    match muster_api::openapi_json() {
        Ok(document) => match writeln!(std::io::stdout(), "{document}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => daemon::failed(&error),
        },
        Err(error) => daemon::failed(&error),
    }
}
