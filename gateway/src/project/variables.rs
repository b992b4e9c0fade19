//! What `${env:…}` and `${secret:…}` stand for.
//!
//! **Invariant.** A secret is a mounted file or an environment variable; its name cannot lead out of the folder of secrets.

use kernel::Secret;
use std::path::PathBuf;

/// The folder of mounted secrets, unless the environment names another one.
const FOLDER: &str = "/run/secrets";
/// The variable that names the folder of mounted secrets.
pub const FOLDER_VARIABLE: &str = "SEAWALL_SECRETS";
/// Largest secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Reads variables from the environment and secrets from mounted files.
#[derive(Debug, Clone)]
pub struct Deployment {
    secrets: PathBuf,
}

impl Deployment {
    /// Returns the deployment that the environment describes.
    pub fn from_env() -> Self {
        let secrets = std::env::var_os(FOLDER_VARIABLE).map_or_else(|| PathBuf::from(FOLDER), PathBuf::from);
        Self { secrets }
    }

    /// Returns an environment variable.
    pub fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// Returns a secret: the file of this name without its last line break, or `SEAWALL_SECRET_NAME_IN_CAPITALS`.
    pub fn secret(&self, name: &str) -> Option<Secret<String>> {
        let safe = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(safe) {
            return None;
        }
        self.mounted(name).or_else(|| self.variable(&variable_of(name))).map(Secret::new)
    }

    fn mounted(&self, name: &str) -> Option<String> {
        let path = self.secrets.join(name);
        if std::fs::metadata(&path).ok()?.len() > SECRET_BYTES_MAX {
            return None;
        }
        let text = std::fs::read_to_string(path).ok()?;
        // Editors and `echo` end a file with a line break that is not part of the secret.
        Some(
            text.strip_suffix('\n')
                .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line))
                .to_owned(),
        )
    }
}

fn variable_of(name: &str) -> String {
    format!("SEAWALL_SECRET_{}", name.replace(['-', '.'], "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_file_without_its_last_line_break() {
        let secrets = std::env::temp_dir().join(format!("seawall-secrets-{}", crate::ids::request_id()));
        std::fs::create_dir_all(secrets.join("inner")).unwrap();
        std::fs::write(secrets.join("a"), "hunter 2\n").unwrap();
        std::fs::write(secrets.join("b"), "two\n\n").unwrap();
        std::fs::write(secrets.join("c"), "three\r\n").unwrap();
        let deployment = Deployment { secrets: secrets.join("inner") };
        assert!(deployment.secret("../a").is_none());
        let deployment = Deployment { secrets: secrets.clone() };
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(
                deployment.secret(name).as_ref().map(|secret| secret.expose().as_str()),
                expected,
                "{name}"
            );
        };
        check("a", Some("hunter 2"));
        check("b", Some("two\n"));
        check("c", Some("three"));
        check("inner/../a", None);
        check("inner", None);
        check("", None);
        check("..", None);
        check("absent", None);
        std::fs::remove_dir_all(secrets).unwrap();
    }

    #[test]
    fn a_secret_may_come_from_the_environment() {
        assert_eq!(variable_of("pms-password"), "SEAWALL_SECRET_PMS_PASSWORD");
    }
}
