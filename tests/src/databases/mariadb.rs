//! MariaDB, as Debian packs it.
//!
//! **Invariant.** It reads no configuration of the machine.

use super::{Server, feed, is_root};
use std::io;
use std::path::Path;
use std::process::Command;

pub(super) fn installed() -> bool {
    ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/mariadb"]
        .iter()
        .all(|path| Path::new(path).is_file())
}

pub(super) fn prepare(server: &Server) -> io::Result<()> {
    let mut command = Command::new("/usr/bin/mariadb-install-db");
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", server.folder().join("data").display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
    if is_root() {
        command.arg("--user=root");
    }
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

pub(super) fn command(server: &Server) -> Command {
    let folder = server.folder();
    let mut command = Command::new("/usr/sbin/mariadbd");
    command
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .arg(format!("--port={}", server.port))
        .arg(format!("--socket={}", folder.join("socket").display()))
        .arg(format!("--general-log-file={}", folder.join("general.log").display()))
        .args(["--bind-address=127.0.0.1", "--general-log=1", "--character-set-server=utf8mb4"])
        .args(["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M", "--skip-name-resolve"]);
    if is_root() {
        command.arg("--user=root");
    }
    command
}

pub(super) fn client(server: &Server) -> Command {
    let mut command = Command::new("/usr/bin/mariadb");
    command
        .arg("--no-defaults")
        .arg(format!("--socket={}", server.folder().join("socket").display()))
        .args(["--user=root", "--skip-column-names", "--batch", "--default-character-set=utf8mb4"]);
    command
}

/// Makes the user by whom it is reached over TCP.
pub(super) fn admit(server: &Server) -> io::Result<()> {
    let sql = "CREATE USER 'seawall'@'127.0.0.1' IDENTIFIED BY 'secret'; \
               GRANT ALL ON *.* TO 'seawall'@'127.0.0.1';";
    feed(&mut client(server), sql).map(drop)
}
