//! Gets a new connection: names, addresses, TCP, TLS.
//!
//! **Invariant.** Not a byte of a request leaves here, so every failure is `Transient`.

use crate::fail;
use crate::stream::Stream;
use crate::target::Origin;
use kernel::Error;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The head start of an address before the next one is tried beside it.
///
/// Source: RFC 8305, section 5, "Connection Attempt Delay": 250 ms recommended.
const HEAD_START: Duration = Duration::from_millis(250);

/// How connections to one origin are made.
pub(crate) struct Connector {
    pub(crate) origin: Origin,
    pub(crate) timeout: Duration,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    pub(crate) fn new(
        origin: Origin,
        timeout: Duration,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Result<Self, String> {
        let tls = match tls {
            None => None,
            Some(config) => {
                let name = ServerName::try_from(origin.host.clone())
                    .map_err(|_| format!("{:?} is no name that a certificate can have", origin.host))?;
                Some((TlsConnector::from(config), name))
            }
        };
        Ok(Self { origin, timeout, tls })
    }

    /// Gets a connection within the time-out.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub(crate) async fn connect(&self) -> Result<Stream, Error> {
        match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(result) => result,
            Err(_) => Err(fail::unreachable("no connection in time", &self.origin)
                .with("limit_ms", self.timeout.as_millis())),
        }
    }

    async fn open(&self) -> Result<Stream, Error> {
        let addresses = self.addresses().await?;
        let tcp = race(&addresses)
            .await
            .map_err(|error| fail::unreachable("no connection", &self.origin).because(error))?;
        // A request is one write; waiting for more would only cost time. Without it, it still works.
        drop(tcp.set_nodelay(true));
        let Some((connector, name)) = &self.tls else { return Ok(Stream::Plain(tcp)) };
        match connector.connect(name.clone(), tcp).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(fail::unreachable("no agreement on TLS", &self.origin)
                .with("reason", &error)
                .because(error)),
        }
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        let found = tokio::net::lookup_host((self.origin.host.as_str(), self.origin.port)).await;
        let found = found
            .map_err(|error| fail::unreachable("the host name is not known", &self.origin).because(error))?;
        let addresses = interleave(found.collect());
        if addresses.is_empty() {
            return Err(fail::unreachable("the host name has no address", &self.origin));
        }
        Ok(addresses)
    }
}

/// Orders addresses so that the families take turns, beginning with the one that the resolver prefers.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv6) else { return addresses };
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in preferred {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}

/// Connects to the first address that answers; each gets a head start before the next one is tried too.
async fn race(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return TcpStream::connect(only).await;
    }
    let mut tries = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for next in addresses {
        tries.spawn(TcpStream::connect(*next));
        // A failure lets the next one start at once, silence after the head start.
        match tokio::time::timeout(HEAD_START, tries.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => last = error,
            Ok(Some(Err(_)) | None) | Err(_) => {}
        }
    }
    while let Some(done) = tries.join_next().await {
        match done {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => {}
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_families_take_turns() {
        let parse = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (a, b, c, d) = (parse("[::1]:1"), parse("[::2]:1"), parse("10.0.0.1:1"), parse("10.0.0.2:1"));
        assert_eq!(interleave(vec![a, b, c, d]), vec![a, c, b, d]);
        assert_eq!(interleave(vec![c, a, b]), vec![c, a, b]);
        assert_eq!(interleave(vec![]), vec![]);
    }

    #[tokio::test]
    async fn a_dead_address_gives_way_to_a_living_one() {
        let living = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = {
            let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            gone.local_addr().unwrap()
        };
        let stream = race(&[dead, living.local_addr().unwrap()]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), living.local_addr().unwrap());
        assert!(race(&[dead, dead]).await.is_err());
    }
}
