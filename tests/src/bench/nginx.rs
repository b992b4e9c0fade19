//! nginx twice: as the backend that answers a fixed message, and as the forwarder that Seawall is compared with.
//!
//! **Invariant.** Configured as one would for speed: keep-alive to the backend, no access log, buffers that hold a body.

use super::cpu_of;
use crate::process::free_address;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// A backend that answers each POST with the same file.
#[derive(Debug)]
pub struct Backend {
    server: Nginx,
    status: SocketAddr,
}

/// A forwarder of XML.
#[derive(Debug)]
pub struct Forwarder {
    server: Nginx,
}

#[derive(Debug)]
struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Backend {
    /// Starts it with one worker on processor 1.
    ///
    /// # Errors
    /// nginx is missing or does not start.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let (address, status) = (free_address()?, free_address()?);
        // A static file refuses POST by 405; the error page is the file itself with status 200.
        let server = format!(
            "server {{ listen {address} backlog=1024; root html; types {{ }} default_type 'text/xml; charset=utf-8';
               location = /pms {{ error_page 405 =200 /reply.xml; try_files /reply.xml =404; }}
               location = /reply.xml {{ error_page 405 =200 /reply.xml; }} }}
             server {{ listen {status}; location / {{ stub_status; }} }}"
        );
        let server = Nginx::start(&folder.join("backend"), address, &server)?;
        super::pin_all(&server.pids()?, 1)?;
        Ok(Self { server, status })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Sets the message.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn answer_with(&self, message: &str) -> io::Result<()> {
        fs::write(self.server.folder.join("html/reply.xml"), message)
    }

    /// Returns how many requests it has had.
    ///
    /// # Errors
    /// It does not answer.
    pub fn hits(&self) -> io::Result<u64> {
        let text = crate::Client::new(self.status).with("Connection", "close").get("/")?.text();
        // The third line holds accepted connections, handled connections, requests.
        let line = text.lines().nth(2).unwrap_or("");
        let requests = line.split_whitespace().nth(2).and_then(|text| text.parse::<u64>().ok());
        requests.ok_or_else(|| io::Error::other(format!("no status of nginx: {text}")))
    }
}

impl Forwarder {
    /// Starts it with one worker.
    ///
    /// # Errors
    /// nginx is missing or does not start.
    pub fn start(folder: &Path, backend: SocketAddr) -> io::Result<Self> {
        let address = free_address()?;
        let server = format!(
            "upstream backend {{ server {backend}; keepalive 64; }}
             server {{ listen {address} backlog=1024; client_body_buffer_size 64k;
               location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection \"\";
                 proxy_buffers 32 16k; proxy_buffer_size 16k; proxy_busy_buffers_size 64k; }} }}"
        );
        Ok(Self { server: Nginx::start(&folder.join("forwarder"), address, &server)? })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its processes: the master and the worker.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn pids(&self) -> io::Result<Vec<u32>> {
        self.server.pids()
    }

    /// The CPU time of all its processes.
    ///
    /// # Errors
    /// One of them is gone.
    pub fn cpu(&self) -> io::Result<Duration> {
        self.pids()?.into_iter().map(cpu_of).sum()
    }
}

impl Nginx {
    fn start(folder: &Path, address: SocketAddr, servers: &str) -> io::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder.join("html"))?;
        let config = format!(
            "daemon off; worker_processes 1; pid nginx.pid; error_log error.log; user root;
             events {{ worker_connections 1024; }}
             http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600s; sendfile on;
               client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
               {servers} }}"
        );
        fs::write(folder.join("nginx.conf"), config)?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).args(["-e", "error.log", "-c", "nginx.conf"]);
        let child =
            command.spawn().map_err(|error| io::Error::other(format!("nginx cannot be started: {error}")))?;
        let server = Self { child, address, folder: folder.to_path_buf() };
        for _ in 0..500 {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other("nginx does not listen in 5 s"))
    }

    fn pids(&self) -> io::Result<Vec<u32>> {
        let master = self.child.id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"))?;
        let mut pids = vec![master];
        pids.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        Ok(pids)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker on TERM; KILL would leave it behind.
        drop(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status());
        drop(self.child.wait());
    }
}
