//! Notices at once what happens in a folder of this machine, so that nobody has to ask for it.
//!
//! **Invariant.** It only ever shortens a wait: what it does not see, such as what other machines write to a shared folder,
//! is found by the next listing all the same.

use crate::folder::{Glob, Place};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Folders that are watched at most; what happens in others waits for the next listing.
const FOLDERS_MAX: usize = 1000;
/// Most folders below one another.
const DEPTH_MAX: usize = 32;
/// Files come in numbers, so a listing waits a little for those behind the first.
const PAUSE: Duration = Duration::from_millis(50);

/// A folder that is watched, with those below it that may have files of its pattern.
#[derive(Debug)]
pub(crate) struct Watch {
    folder: PathBuf,
    glob: Glob,
    /// Opened by the first wait, since to close one takes the kernel more time than a small file does; nothing in it where
    /// this system offers nothing.
    queue: OnceLock<Option<Queue>>,
    /// How long the last listing took.
    cost: Mutex<Duration>,
}

impl Watch {
    /// Starts; nothing is watched before the first wait.
    pub(crate) fn of(place: &Place) -> Self {
        Self::new(place.folder.clone(), place.glob.clone())
    }

    fn new(folder: PathBuf, glob: Glob) -> Self {
        Self { folder, glob, queue: OnceLock::new(), cost: Mutex::default() }
    }

    /// Lists the folder; what happens from the beginning of that on ends the next wait. The first wait ends by itself.
    pub(crate) fn listing<T>(&self, list: impl FnOnce() -> T) -> T {
        if let Some(Some(queue)) = self.queue.get() {
            queue.drain();
            let mut left = FOLDERS_MAX;
            self.add(queue, &self.folder, "", 0, &mut left);
        }
        let begun = Instant::now();
        let listed = list();
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner) = begun.elapsed();
        listed
    }

    /// Waits until something happens, and not longer than that; the first time not at all, for what happened since the
    /// listing is not known.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn wait(&self, most: Duration) {
        let is_first = self.queue.get().is_none();
        let queue = self.queue.get_or_init(Queue::open);
        let happened = async {
            match queue {
                Some(_) if is_first => {}
                Some(queue) => queue.happened().await,
                None => std::future::pending().await,
            }
            // Where files come all the time, this thread has half of it for other things.
            let cost = *self.cost.lock().unwrap_or_else(PoisonError::into_inner);
            tokio::time::sleep(PAUSE.max(cost)).await;
        };
        // Longer than that it waits for nobody.
        let _ = tokio::time::timeout(most, happened).await;
    }

    /// Watches a folder, before anybody looks into it, and those below it.
    fn add(&self, queue: &Queue, folder: &Path, below: &str, depth: usize, left: &mut usize) {
        if *left == 0 || depth > DEPTH_MAX {
            return;
        }
        *left -= 1;
        if let Err(why) = queue.add(folder) {
            tracing::debug!(folder = %folder.display(), why, "a folder is not watched; it is listed all the same");
        }
        if !self.glob.has_folders() {
            return;
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name().to_str().map(|name| format!("{below}{name}"));
            if let Some(name) = name.filter(|name| is_folder && self.glob.leads_to(name)) {
                self.add(queue, &entry.path(), &format!("{name}/"), depth + 1, left);
            }
        }
    }
}

#[cfg(target_os = "linux")]
use linux::Queue;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fd::OwnedFd;
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use std::path::Path;
    use std::sync::Arc;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Bytes of events that are dropped at once.
    const DRAINED: usize = 16 << 10;

    /// Events that the kernel keeps for us. Which they are is no matter: the folder is listed then.
    #[derive(Debug)]
    pub(super) struct Queue(Arc<OwnedFd>);

    impl Queue {
        pub(super) fn open() -> Option<Self> {
            match init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK) {
                Ok(queue) => Some(Self(Arc::new(queue))),
                Err(error) => {
                    tracing::info!(%error, "folders are not watched, only listed every so often");
                    None
                }
            }
        }

        /// Watches for files that come, and for the end of writing to one. That we read them is no event, nor is their end.
        pub(super) fn add(&self, folder: &Path) -> Result<(), String> {
            let happens = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
            let watched = add_watch(&*self.0, folder, happens | WatchFlags::ONLYDIR);
            watched.map(drop).map_err(|error| error.to_string())
        }

        /// Drops what has happened so far.
        pub(super) fn drain(&self) {
            let mut events = [0; DRAINED];
            while rustix::io::read(&*self.0, &mut events).is_ok_and(|read| read > 0) {}
        }

        /// Waits until something has happened. It stays so until it is drained.
        pub(super) async fn happened(&self) {
            #[expect(
                deprecated,
                reason = "what replaces it is unsafe, for types that may close what they own; an owned descriptor does not"
            )]
            let queue = AsyncFd::with_interest(Arc::clone(&self.0), Interest::READABLE);
            let Ok(queue) = queue else {
                return std::future::pending().await;
            };
            if queue.readable().await.is_err() {
                std::future::pending().await
            }
        }
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Queue;

#[cfg(not(target_os = "linux"))]
impl Queue {
    fn open() -> Option<Self> {
        None
    }

    fn add(&self, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn drain(&self) {}

    async fn happened(&self) {
        std::future::pending().await
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::fs;

    const LONG: Duration = Duration::from_secs(30);

    /// A folder that is gone at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("seawall-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    /// A watch that was waited for once.
    async fn watch(folder: &Path, glob: &str) -> Watch {
        let watch = Watch::new(folder.to_owned(), Glob::parse(glob).unwrap());
        watch.listing(|| ());
        assert!(waited(&watch, LONG).await < LONG / 2, "nobody knows what happened since the listing");
        watch
    }

    /// Returns how long a wait takes.
    async fn waited(watch: &Watch, most: Duration) -> Duration {
        let begun = Instant::now();
        watch.wait(most).await;
        begun.elapsed()
    }

    #[tokio::test]
    async fn whatever_brings_a_file_ends_the_wait_and_nothing_else_does() {
        let folder = Scratch::new("watched");
        let file = |name: &str| folder.path().join(name);
        fs::write(file("a.part"), "a").unwrap();
        let watch = watch(folder.path(), "*.csv").await;
        let check = async |what: &str, happens: &dyn Fn()| {
            watch.listing(|| ());
            happens();
            let waited = waited(&watch, LONG).await;
            assert!(waited < LONG / 2, "{what} was not noticed in {waited:?}");
        };
        check("a file", &|| fs::write(file("b.csv"), "b").unwrap()).await;
        check("a new name", &|| fs::rename(file("a.part"), file("a.csv")).unwrap()).await;
        // It came while the folder was listed.
        watch.listing(|| fs::write(file("c.csv"), "c").unwrap());
        assert!(waited(&watch, LONG).await < LONG / 2);
        // As long as nobody lists the folder, there is something to be listed.
        assert!(waited(&watch, LONG).await < LONG / 2);
        let short = Duration::from_millis(200);
        watch.listing(|| ());
        fs::read(file("a.csv")).unwrap();
        fs::remove_file(file("b.csv")).unwrap();
        assert!(waited(&watch, short).await >= short, "reading and putting away is nothing new");
    }

    #[tokio::test]
    async fn folders_below_are_watched_where_files_may_be_also_those_that_come_later() {
        let folder = Scratch::new("watched-below");
        let made = |name: &str| fs::create_dir_all(folder.path().join(name)).unwrap();
        made("in/old");
        made("other");
        let watch = watch(folder.path(), "in/*/*.csv").await;
        watch.listing(|| ());
        made("in/new");
        assert!(waited(&watch, LONG).await < LONG / 2);
        for name in ["in/old/a.csv", "in/new/a.csv"] {
            watch.listing(|| ());
            fs::write(folder.path().join(name), "a").unwrap();
            assert!(waited(&watch, LONG).await < LONG / 2, "{name}");
        }
        let short = Duration::from_millis(200);
        watch.listing(|| ());
        fs::write(folder.path().join("other/a.csv"), "a").unwrap();
        assert!(waited(&watch, short).await >= short);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_waited_for_by_time() {
        let folder = Scratch::new("watched-not");
        let watch = watch(&folder.path().join("nowhere"), "*.csv").await;
        let short = Duration::from_millis(100);
        watch.listing(|| ());
        assert!(waited(&watch, short).await >= short);
    }
}
