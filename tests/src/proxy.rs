//! A network between a client and a server that can be cut.
//!
//! **Invariant.** It changes no byte; it only stops passing them on.

use crate::process::free_address;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A TCP proxy on the loopback address.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ended: AtomicBool,
    /// Bytes that the server may still send before all connections are cut; negative: as many as it likes.
    allowed: AtomicI64,
    /// The end of these bytes is silence, and no cut.
    pauses: AtomicBool,
    paused: AtomicBool,
    open: AtomicUsize,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Starts to pass on to a port of the loopback address.
    ///
    /// # Errors
    /// It cannot listen.
    pub fn start(to: u16) -> io::Result<Self> {
        let address = free_address()?;
        let listener = TcpListener::bind(address)?;
        let shared = Arc::new(Shared {
            ended: AtomicBool::new(false),
            allowed: AtomicI64::new(-1),
            pauses: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            streams: Mutex::default(),
        });
        let passing = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if passing.ended.load(Ordering::Relaxed) {
                    return;
                }
                // A server that is down is a connection that ends at once.
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                passing.pass(&client, &server);
            }
        });
        Ok(Self { address, shared })
    }

    /// Cuts all connections that there are.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Cuts all connections once the server has sent so many bytes more.
    pub fn cut_after(&self, bytes: u32) {
        self.shared.allowed.store(bytes.into(), Ordering::Release);
    }

    /// Passes on nothing of the server, once it has sent so many bytes more, until [`Proxy::resume`].
    pub fn pause_after(&self, bytes: u32) {
        self.shared.pauses.store(true, Ordering::Release);
        self.cut_after(bytes);
    }

    /// Returns whether nothing is passed on for the moment.
    pub fn is_paused(&self) -> bool {
        self.shared.paused.load(Ordering::Acquire)
    }

    /// Passes everything on again.
    pub fn resume(&self) {
        self.shared.pauses.store(false, Ordering::Release);
        self.shared.paused.store(false, Ordering::Release);
    }

    /// Returns whether the cut of [`Proxy::cut_after`] is still to come.
    pub fn is_waiting(&self) -> bool {
        self.shared.allowed.load(Ordering::Acquire) >= 0
    }

    /// Returns how many connections there are.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::Acquire) / 2
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.shared.cut();
        // Wakes the listener, which sees that it has ended.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn cut(&self) {
        let streams = std::mem::take(&mut *self.streams.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in streams {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    fn pass(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) {
        let (Ok(a), Ok(b), Ok(c), Ok(d)) =
            (client.try_clone(), server.try_clone(), client.try_clone(), server.try_clone())
        else {
            return;
        };
        for stream in [client, server] {
            drop(stream.set_nodelay(true));
            if let Ok(stream) = stream.try_clone() {
                self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            }
        }
        for (from, to, counts) in [(a, b, false), (d, c, true)] {
            let shared = Arc::clone(self);
            shared.open.fetch_add(1, Ordering::AcqRel);
            std::thread::spawn(move || {
                shared.copy(from, to, counts);
                shared.open.fetch_sub(1, Ordering::AcqRel);
            });
        }
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, counts: bool) {
        let mut piece = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            if counts && self.allowed.load(Ordering::Acquire) >= 0 {
                let left = self.allowed.fetch_sub(i64::try_from(count).unwrap_or(0), Ordering::AcqRel);
                if left < i64::try_from(count).unwrap_or(0) {
                    self.allowed.store(-1, Ordering::Release);
                    if !self.pauses.load(Ordering::Acquire) {
                        self.cut();
                        break;
                    }
                    self.paused.store(true, Ordering::Release);
                }
            }
            while counts && self.paused.load(Ordering::Acquire) && !self.ended.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&piece[..count]).is_err() {
                break;
            }
        }
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
    }
}
