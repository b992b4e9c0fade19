//! Files of other machines: OpenSSH by SFTP, and a store of objects by S3, into the embedded log by the real binary.
//!
//! **Invariant.** What counts is what the log holds, compared with what the test itself wrote: each record once.

#[path = "remote/s3.rs"]
mod s3;
#[path = "remote/sftp.rs"]
mod sftp;
#[path = "remote/world.rs"]
mod world;
