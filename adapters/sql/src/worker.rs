//! Worker processes: started, spoken to, watched and killed.
//!
//! All of it runs on one thread of its own with a runtime, so that no request thread ever waits for a process, and a
//! session that nobody waits for any more is still brought to an end.
//!
//! **Invariant.** A process that was started is waited for, and its folder is removed; a worker that does not stop is
//! killed.

mod line;
mod process;
mod session;

pub(crate) use process::{Failure, Launch, Process};
pub(crate) use session::{Idle, Session, Stop, start};

use std::future::Future;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle};

/// Runs a task on the thread of the workers.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    runtime().spawn(task);
}

fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be had where the gateway's own can");
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("sql-workers".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .expect("a thread can be had where the gateway's own can");
        handle
    })
}
