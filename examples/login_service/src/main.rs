//! A login service to copy from: accounts, second factors, sessions, roles, sealed notes and an audit log, all through
//! `palisade`. `README.md` says which file shows what.

mod app;
mod audit_log;
mod data_folder;
mod database;
mod extract;
mod failure;
mod hardening;
mod health;
mod identify;
mod keys;
mod letters;
mod limits;
mod logging;
mod notes;
mod options;
mod pages;
mod permissions;
mod routes;
mod secrets;
mod serve;
mod stores;
mod tickets;
mod users;
mod welcome;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use app::App;
use options::{Command, Options};

fn main() -> ExitCode {
    let done = Command::of_process().and_then(|command| match command {
        Command::Help => Ok(io::stdout().write_all(options::USAGE.as_bytes())?),
        Command::CheckHealth(address) => Ok(health::check(address)?),
        Command::Serve(options) => start(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nowhere_else = writeln!(io::stderr(), "login-service: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn start(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = serve::Listener::bind(options).await?;
    let app = App::open(options, listener.origin()).await?;
    let service = routes::service(&app)?;
    writeln!(io::stdout(), "login-service: {}", listener.origin())?;
    listener.serve(service).await?;
    app.close().await;
    Ok(())
}
