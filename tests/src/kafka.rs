//! Apache Kafka itself: one node without ZooKeeper, in a folder and on ports of its own.
//!
//! **Invariant.** A broker ends with its guard, and with the thread that started it; it answers on loopback only.

mod consumer;
mod jars;
mod secured;

pub use consumer::{Consumer, Message};
pub use secured::{PASSWORD, Secured, USER};

use crate::family::signal;
use crate::process::{free_address, scratch};
use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a broker to answer, or to end when it is asked to.
const START_TIMEOUT: Duration = Duration::from_secs(90);
/// Longest run of one of Kafka's tools.
const TOOL_TIMEOUT: Duration = Duration::from_secs(180);
/// How often a port that somebody else took in between is replaced.
const TRIES: usize = 3;

/// A broker with its data. Topics that nobody has made have six partitions.
#[derive(Debug)]
pub struct Broker {
    /// Where it listens.
    pub port: u16,
    /// Its doors that ask who comes, where it has them.
    pub secured: Option<Secured>,
    folder: PathBuf,
    jars: PathBuf,
    child: Option<Child>,
}

impl Broker {
    /// Makes a fresh broker and waits until it answers. Nothing, said loudly, where it cannot be had.
    ///
    /// # Errors
    /// It is there and does not start; the error holds its log.
    pub fn start() -> io::Result<Option<Self>> {
        Self::started(|_| Ok(None))
    }

    /// Does what [`Broker::start`] does, with doors beside its own that want TLS, and a user or a certificate.
    ///
    /// # Errors
    /// It is there and does not start; the error holds its log.
    pub fn start_secured() -> io::Result<Option<Self>> {
        Self::started(|folder| Secured::make(folder).map(Some))
    }

    fn started(secured: impl Fn(&Path) -> io::Result<Option<Secured>>) -> io::Result<Option<Self>> {
        let Some(jars) = jars::broker() else { return Ok(None) };
        let mut last = None;
        for _ in 0..TRIES {
            let (port, controller) = (free_address()?.port(), free_address()?.port());
            let folder = scratch("kafka")?;
            let secured = secured(&folder)?;
            let properties = properties(&folder, port, controller, secured.as_ref());
            fs::write(folder.join("server.properties"), properties)?;
            let mut broker = Self { port, secured, folder, jars: jars.clone(), child: None };
            broker.format()?;
            match broker.restart() {
                Ok(()) => return Ok(Some(broker)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no port is free")))
    }

    /// Returns the broker's address as a client writes it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it again, with the data that it has.
    ///
    /// # Errors
    /// It does not answer in time; the error holds its log.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        let log = fs::File::create(self.folder.join("log"))?;
        let mut command = java(&self.jars, "256m");
        command.arg("kafka.Kafka").arg(self.folder.join("server.properties"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = self.child.insert(command.spawn()?);
        let end = Instant::now() + START_TIMEOUT;
        let mut answer = Err(io::Error::other("kafka does not answer in time"));
        while Instant::now() < end && answer.is_err() {
            if let Some(status) = child.try_wait()? {
                answer = Err(io::Error::other(format!("kafka ended with {status}")));
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            answer = TcpStream::connect(("127.0.0.1", self.port)).map(drop);
        }
        answer.map_err(|error| {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            io::Error::other(format!("{error}:\n{log}"))
        })
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn stop(&mut self) -> io::Result<()> {
        if let Some(child) = &mut self.child {
            signal(child.id(), "TERM");
            wait(child, START_TIMEOUT)?;
        }
        self.child = None;
        Ok(())
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// It could not be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Stops the clock for it: it keeps its connections and answers nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = self.child.as_ref().is_some_and(|child| signal(child.id(), name));
        assert!(sent, "the broker takes no signal");
    }

    /// Makes a topic; `configs` as `max.message.bytes=20000`.
    ///
    /// # Errors
    /// The broker refuses it.
    pub fn create_topic(&self, topic: &str, partitions: u32, configs: &[&str]) -> io::Result<()> {
        let mut command = java(&self.jars, "128m");
        command.args(["org.apache.kafka.tools.TopicCommand", "--create", "--topic", topic]);
        command.args(["--bootstrap-server", &self.address(), "--partitions", &partitions.to_string()]);
        for config in configs {
            command.args(["--config", config]);
        }
        self.tool(&mut command, "topic").map(drop)
    }

    /// Returns Kafka's own consumer for this broker.
    pub fn consumer(&self) -> Consumer<'_> {
        Consumer::new(self)
    }

    fn format(&self) -> io::Result<()> {
        let mut command = java(&self.jars, "128m");
        // Any id will do; it is that of a cluster of one.
        command.args(["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c"]);
        command.arg(self.folder.join("server.properties"));
        if self.secured.is_some() {
            command.args(secured::credentials());
        }
        self.tool(&mut command, "format").map(drop)
    }

    /// Runs one of Kafka's tools and returns what it has printed.
    fn tool(&self, command: &mut Command, name: &str) -> io::Result<Vec<u8>> {
        let (out, err) = (self.folder.join(format!("{name}.out")), self.folder.join(format!("{name}.err")));
        command.stdin(Stdio::null()).stdout(fs::File::create(&out)?).stderr(fs::File::create(&err)?);
        let mut child = command.spawn()?;
        let status = wait(&mut child, TOOL_TIMEOUT)?;
        if status.success() {
            return fs::read(out);
        }
        Err(io::Error::other(format!("{name} ended with {status}: {}", fs::read_to_string(err)?)))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A frozen process takes a kill, too.
        drop(self.kill());
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// Java with Kafka's classes, that ends with the thread that started it.
fn java(jars: &Path, heap: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "java"]).arg(format!("-Xmx{heap}"));
    command.args(["-Xms32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
    command.args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"]).arg(jars.join("*"));
    command
}

fn wait(child: &mut Child, timeout: Duration) -> io::Result<ExitStatus> {
    let end = Instant::now() + timeout;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Err(io::Error::other("a program of kafka does not end"))
}

fn properties(folder: &Path, port: u16, controller: u16, secured: Option<&Secured>) -> String {
    let data = folder.join("data");
    let fixed = "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n\
        inter.broker.listener.name=PLAINTEXT\nnum.partitions=6\n\
        offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\n\
        transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
        transaction.state.log.num.partitions=1\ngroup.initial.rebalance.delay.ms=0\n\
        share.coordinator.state.topic.replication.factor=1\nshare.coordinator.state.topic.min.isr=1\n\
        share.coordinator.state.topic.num.partitions=1\nnum.network.threads=1\nnum.io.threads=2\n\
        log.cleaner.dedupe.buffer.size=2097152\nbackground.threads=1\n";
    let (doors, more) =
        secured.map(|secured| (secured.listeners(), secured.properties())).unwrap_or_default();
    format!(
        "{fixed}controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},{doors}CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners={doors}PLAINTEXT://127.0.0.1:{port}\nlog.dirs={}\n{more}",
        secured::PROTOCOLS,
        data.display()
    )
}
