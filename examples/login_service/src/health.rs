use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Whether the service takes connections: for a container without a shell. Orchestrators ask `/healthz`, which says more.
pub(crate) fn check(address: SocketAddr) -> io::Result<()> {
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).map(drop)
}
