//! The project folder: which files belong to it, and reading them safely.
//!
//! **Invariant.** Nothing outside of the folder is read: no absolute path, no `..`, no symbolic link that leads out.

use adapters_ports::Files;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Most mapping files of a project.
const FILES_MAX: usize = 10_000;
/// Deepest folder.
const DEPTH_MAX: usize = 16;

/// A folder with a project.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder, all symbolic links resolved.
    root: PathBuf,
    /// Folders with shared files, and the names that they were given by.
    libraries: Vec<(String, Folder)>,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// It is not there, or is no folder.
    pub fn open(path: &Path) -> Result<Self, String> {
        let root = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        if !root.is_dir() {
            return Err(format!("{} is not a folder", path.display()));
        }
        Ok(Self { root, libraries: Vec::new() })
    }

    /// Adds folders with shared mapping files, which are merged into the project. A file that the project itself does
    /// not have is looked for in them.
    ///
    /// # Errors
    /// One of them is not there, or is no folder.
    pub fn with_libraries(mut self, folders: &[PathBuf]) -> Result<Self, String> {
        for folder in folders {
            let name = folder.to_string_lossy().trim_end_matches('/').to_owned();
            self.libraries.push((name, Self::open(folder)?));
        }
        Ok(self)
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads all mapping files, sorted by path: every `*.yaml` except below `env` and folders that begin with a dot.
    ///
    /// # Errors
    /// A file that cannot be read, each in words; all of them.
    pub fn mappings(&self) -> Result<Vec<(String, String)>, Vec<String>> {
        let mut paths = BTreeMap::new();
        let mut errors = Vec::new();
        self.collect(&self.root, 0, &mut paths, &mut errors);
        let mut files = Vec::with_capacity(paths.len());
        for (name, path) in paths {
            match self.text(&path, &name) {
                Ok(text) => files.push((name, text)),
                Err(error) => errors.push(error),
            }
        }
        for (library, folder) in &self.libraries {
            match folder.mappings() {
                Ok(shared) => {
                    files.extend(shared.into_iter().map(|(name, text)| (format!("{library}/{name}"), text)))
                }
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }

    /// Reads the overlay of this name.
    ///
    /// # Errors
    /// In words, with the names that there are.
    pub fn overlay(&self, name: &str) -> Result<String, String> {
        let known = self.overlays();
        if known.iter().any(|known| known == name) {
            return self.read_text(&format!("env/{name}.yaml"));
        }
        let names = if known.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there is {}", known.join(", "))
        };
        Err(format!("there is no overlay `{name}` (env/{name}.yaml); {names}"))
    }

    /// Returns the names of the overlays in `env`, sorted.
    pub fn overlays(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("env")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| {
                entry.file_name().to_str().and_then(|name| name.strip_suffix(".yaml")).map(str::to_owned)
            })
            .collect();
        names.sort();
        names
    }

    /// Reads a text file of the project.
    ///
    /// # Errors
    /// In words.
    pub fn read_text(&self, name: &str) -> Result<String, String> {
        String::from_utf8(self.read(name)?).map_err(|_| format!("{name} is not UTF-8"))
    }

    fn collect(
        &self,
        folder: &Path,
        depth: usize,
        paths: &mut BTreeMap<String, PathBuf>,
        errors: &mut Vec<String>,
    ) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return errors.push(format!("{}: {error}", folder.display())),
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || (depth == 0 && name == "env") {
                continue;
            }
            if path.is_dir() {
                match self.inside(&path) {
                    // A link to a folder could lead in a circle; the files that it shows are read where they are.
                    Ok(_) if entry.file_type().is_ok_and(|kind| kind.is_symlink()) => {}
                    Ok(_) if depth < DEPTH_MAX => self.collect(&path, depth + 1, paths, errors),
                    Ok(_) => {
                        errors.push(format!("{}: folders are nested deeper than {DEPTH_MAX}", path.display()))
                    }
                    Err(error) => errors.push(error),
                }
            } else if name.ends_with(".yaml") {
                if paths.len() == FILES_MAX {
                    return errors.push(format!("the project has more than {FILES_MAX} files"));
                }
                paths.insert(self.name(&path), path);
            }
        }
    }

    fn text(&self, path: &Path, name: &str) -> Result<String, String> {
        let bytes = read(&self.inside(path)?, name)?;
        String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))
    }

    /// Returns where a path really leads, if that is inside.
    fn inside(&self, path: &Path) -> Result<PathBuf, String> {
        let real = path.canonicalize().map_err(|error| format!("{}: {error}", self.name(path)))?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(format!("{} leads out of the project", self.name(path)))
        }
    }

    /// The path relative to the root, with `/`.
    fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let relative = Path::new(path);
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if path.is_empty() || !relative.components().all(plain) {
            return Err(format!("{path} leads out of the project"));
        }
        let own = self.root.join(relative);
        let shared = || self.libraries.iter().find(|(_, library)| library.root.join(relative).exists());
        match if own.exists() { None } else { shared() } {
            Some((_, library)) => library.read(path),
            None => read(&self.inside(&own)?, path),
        }
    }

    fn root(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, String> {
    let describe = |error: std::io::Error| format!("{name}: {error}");
    let about = fs::metadata(path).map_err(describe)?;
    if !about.is_file() {
        return Err(format!("{name} is not a file"));
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(format!("{name} is larger than {FILE_BYTES_MAX} bytes"));
    }
    fs::read(path).map_err(describe)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(files: &[(&str, &str)]) -> Self {
            let root = std::env::temp_dir().join(format!("seawall-folder-{}", crate::ids::request_id()));
            for (name, text) in files {
                let path = root.join("project").join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            fs::write(root.join("secret.yaml"), "outside").unwrap();
            Self(root)
        }

        fn folder(&self) -> Folder {
            Folder::open(&self.0.join("project")).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn mapping_files_are_found_except_below_env_and_hidden_folders() {
        let scratch = Scratch::new(&[
            ("facade.yaml", "a"),
            ("models/b.yaml", "b"),
            ("models/deep/c.yaml", "c"),
            ("models/env/d.yaml", "d"),
            ("env/prod.yaml", "e"),
            (".seawall/f.yaml", "f"),
            ("legacy/pms.wsdl", "g"),
        ]);
        let files = scratch.folder().mappings().unwrap();
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["facade.yaml", "models/b.yaml", "models/deep/c.yaml", "models/env/d.yaml"]);
        assert_eq!(scratch.folder().overlays(), ["prod"]);
    }

    #[test]
    fn nothing_outside_of_the_project_is_read() {
        let scratch = Scratch::new(&[("a.yaml", "a"), ("legacy/b.wsdl", "b")]);
        let folder = scratch.folder();
        assert_eq!(folder.read("legacy/b.wsdl").unwrap(), b"b");
        assert_eq!(folder.read("./legacy/b.wsdl").unwrap(), b"b");
        for path in ["../secret.yaml", "legacy/../../secret.yaml", "/etc/passwd", "", "legacy", "nothing"] {
            assert!(folder.read(path).is_err(), "{path}");
        }
        std::os::unix::fs::symlink(scratch.0.join("secret.yaml"), folder.root().join("link.yaml")).unwrap();
        let errors = folder.mappings().unwrap_err();
        assert!(errors[0].contains("link.yaml leads out of the project"), "{errors:?}");
        assert!(folder.read("link.yaml").is_err());
    }

    #[test]
    fn a_link_to_a_folder_above_is_no_endless_walk() {
        let scratch = Scratch::new(&[("models/a.yaml", "a")]);
        let folder = scratch.folder();
        std::os::unix::fs::symlink(folder.root(), folder.root().join("models/again")).unwrap();
        assert_eq!(folder.mappings().unwrap().len(), 1);
    }
}
