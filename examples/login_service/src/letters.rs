use std::io::{self, Write};

/// Sends a letter to a user: to the terminal, in place of a server of mail.
pub(crate) fn send(address: &str, text: &str) {
    if let Err(error) = writeln!(io::stdout(), "To {address}: {text}") {
        tracing::error!(%error, "a letter was not sent");
    }
}
