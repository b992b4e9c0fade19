//! A connection to an SFTP server: who it is, who we are, and the session of files on it.
//!
//! **Invariant.** No password and no signature leaves before the host key was judged.

use super::{Config, HostKeys};
use crate::folder::remote::Fault;
use russh::MethodKind;
use russh::client::{self, AuthResult, KeyboardInteractiveAuthResponse};
use russh::keys::{
    Algorithm, EcdsaCurve, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate,
};
use russh_sftp::client::RawSftpSession;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::rawsession::Limits;
use russh_sftp::protocol::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may be silent before we ask whether somebody is there.
const SILENCE: Duration = Duration::from_secs(15);
/// Bytes of a packet of SFTP at most; as many as OpenSSH sends.
const PACKET_BYTES_MAX: u32 = 256 << 10;
/// Bytes that are asked for at once at most; every server gives as many.
const PIECE_BYTES: u32 = 32 << 10;
/// Questions of a server that asks for the password by itself.
const QUESTIONS_MAX: usize = 4;

/// Kinds of host keys, in the order in which they are asked for. Signatures by SHA-1 are not among them.
const KINDS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];
/// What is left of them once a server has shown a key of Ed25519, or of an elliptic curve, that is not known.
const LEFT: [usize; 3] = [0, 1, 4];

/// A session of files.
pub(super) struct Session {
    pub sftp: RawSftpSession,
    /// Bytes that are asked for at once.
    pub piece: u32,
    /// It ends with this.
    _ssh: client::Handle<Guest>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("piece", &self.piece).finish_non_exhaustive()
    }
}

/// What judges the server.
struct Guest {
    hosts: HostKeys,
}

/// Why a connection ended.
#[derive(Debug)]
enum Ended {
    Ssh(russh::Error),
    Host(String),
}

impl From<russh::Error> for Ended {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl Ended {
    fn fault(self) -> Fault {
        match self {
            Self::Host(why) => Fault::Denied(why),
            Self::Ssh(error @ russh::Error::NoCommonAlgo { .. }) => {
                Fault::Denied(format!("the server has no algorithm that is safe enough: {error}"))
            }
            Self::Ssh(error) => Fault::Lost(error.to_string()),
        }
    }
}

impl client::Handler for Guest {
    type Error = Ended;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Ended> {
        match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.hosts.judge(key).map(|()| true).map_err(Ended::Host)
            }
            PublicKeyOrCertificate::Certificate(_) => Err(Ended::Host(
                "the server shows a certificate of its host key; `hostKey` knows keys only".into(),
            )),
        }
    }
}

impl Session {
    /// Connects, judges the host key, logs in, and opens a session of files.
    pub(super) async fn open(config: &Config) -> Result<Self, Fault> {
        let mut ssh = connect(config).await?;
        log_in(&mut ssh, config).await?;
        let lost = |error: russh::Error| Fault::Lost(error.to_string());
        let channel = ssh.channel_open_session().await.map_err(lost)?;
        channel.request_subsystem(true, "sftp").await.map_err(lost)?;
        let files = russh_sftp::client::Config {
            max_packet_len: PACKET_BYTES_MAX,
            request_timeout_secs: config.timeout.as_secs().max(1),
            ..russh_sftp::client::Config::default()
        };
        let mut sftp = RawSftpSession::new_with_config(channel.into_stream(), files);
        let version = sftp.init().await.map_err(|error| match error {
            SftpError::UnexpectedBehavior(_) => Fault::Said("the server offers no SFTP".into()),
            error => fault(error),
        })?;
        let mut piece = PIECE_BYTES;
        if version.extensions.get("limits@openssh.com").is_some_and(|version| version == "1") {
            let limits = Limits::from(sftp.limits().await.map_err(fault)?);
            let most = limits.read_len.and_then(|most| u32::try_from(most).ok()).unwrap_or(piece);
            piece = piece.min(most);
            sftp.set_limits(limits);
        }
        Ok(Self { sftp, piece, _ssh: ssh })
    }
}

/// Connects, and judges the host key.
///
/// A server has keys of several kinds and shows one of those that we ask for; the one that is known may be another.
async fn connect(config: &Config) -> Result<client::Handle<Guest>, Fault> {
    let mut first = None;
    for left in LEFT {
        let mut ssh =
            client::Config { keepalive_interval: Some(SILENCE), nodelay: true, ..client::Config::default() };
        ssh.preferred.key = KINDS.iter().skip(left).cloned().collect::<Vec<_>>().into();
        let guest = Guest { hosts: config.hosts.clone() };
        let to = (config.host.as_str(), config.port);
        match client::connect(Arc::new(ssh), to, guest).await {
            Ok(ssh) => return Ok(ssh),
            Err(Ended::Host(why)) => drop(first.get_or_insert(why)),
            // It has no key of this kind.
            Err(Ended::Ssh(russh::Error::NoCommonAlgo { .. })) if first.is_some() => {}
            Err(error) => return Err(error.fault()),
        }
    }
    Err(Fault::Denied(first.unwrap_or_default()))
}

/// Logs in: with the key if there is one, with the password if that is not enough.
async fn log_in(ssh: &mut client::Handle<Guest>, config: &Config) -> Result<(), Fault> {
    let mut found = None;
    if let Some(key) = &config.key {
        found = Some(with_key(ssh, config, key.expose()).await?);
    }
    let enough = matches!(found, Some(AuthResult::Success));
    if let Some(password) = config.password.as_ref().filter(|_| !enough) {
        found = Some(with_password(ssh, config, password.expose()).await?);
    }
    match found {
        Some(AuthResult::Success) => Ok(()),
        Some(AuthResult::Failure { remaining_methods, .. }) => {
            let offered: Vec<String> =
                remaining_methods.iter().map(|method| <&str>::from(method).to_owned()).collect();
            let with = match (&config.key, &config.password) {
                (Some(_), Some(_)) => "the key and the password",
                (Some(_), None) => "the key",
                _ => "the password",
            };
            let offered = offered.join(", ");
            Err(Fault::Denied(format!(
                "the server does not let the user in with {with} of `auth`; it offers: {offered}"
            )))
        }
        None => Err(Fault::Denied("`auth` has no password and no key".into())),
    }
}

async fn with_key(
    ssh: &mut client::Handle<Guest>,
    config: &Config,
    key: &Arc<PrivateKey>,
) -> Result<AuthResult, Fault> {
    let lost = |error: russh::Error| Fault::Lost(error.to_string());
    // SHA-1 only if the server says that it knows nothing better is no choice of ours: such a server is refused.
    let hash = ssh.best_supported_rsa_hash().await.map_err(lost)?.flatten();
    let hash = hash.or(Some(HashAlg::Sha256));
    let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
    ssh.authenticate_publickey(config.user.expose(), key).await.map_err(lost)
}

async fn with_password(
    ssh: &mut client::Handle<Guest>,
    config: &Config,
    password: &str,
) -> Result<AuthResult, Fault> {
    let lost = |error: russh::Error| Fault::Lost(error.to_string());
    let user = config.user.expose();
    let found = ssh.authenticate_password(user, password).await.map_err(lost)?;
    let asks = matches!(&found, AuthResult::Failure { remaining_methods, .. }
        if !remaining_methods.contains(&MethodKind::Password)
            && remaining_methods.contains(&MethodKind::KeyboardInteractive));
    if !asks {
        return Ok(found);
    }
    let mut asked = ssh.authenticate_keyboard_interactive_start(user, None).await.map_err(lost)?;
    for _ in 0..QUESTIONS_MAX {
        match asked {
            KeyboardInteractiveAuthResponse::Success => return Ok(AuthResult::Success),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(found),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                // It is the answer to a hidden question only; to any other nothing is said.
                let answer = |echo: bool| if echo { String::new() } else { password.to_owned() };
                let answers = prompts.iter().map(|prompt| answer(prompt.echo)).collect();
                asked = ssh.authenticate_keyboard_interactive_respond(answers).await.map_err(lost)?;
            }
        }
    }
    Ok(found)
}

/// Returns what an error of a session of files is.
pub(super) fn fault(error: SftpError) -> Fault {
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => Fault::Gone,
            StatusCode::NoConnection | StatusCode::ConnectionLost => Fault::Lost(status.error_message),
            code => Fault::Said(format!("the server says: {code}")),
        },
        error @ SftpError::Limited(_) => Fault::Said(error.to_string()),
        error => Fault::Lost(error.to_string()),
    }
}
