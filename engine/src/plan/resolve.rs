//! Resolving names of a mapping against a shape.
//!
//! **Invariant.** Every name is found or reported with suggestions; cardinality is computed, never guessed.

mod beside;
mod find;
mod suggest;
mod text;

pub use suggest::suggestions;
pub use text::written;

use crate::lang;
use crate::plan::model::{Condition, LegacyPath, Pick, Step};
use find::Found;
use kernel::{Diagnostic, Occurs, Part, PartId, Shape, Span, TypeId};

/// Where a path begins: a type, what encloses it, and a common prefix.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The types from the outermost one that is known to the one on which paths are relative.
    types: Vec<TypeId>,
    /// Common prefix of paths.
    at: Vec<Step>,
    /// How many types outwards the prefix begins.
    out: usize,
}

/// Resolves paths of one shape, and collects what is wrong.
#[derive(Debug)]
pub struct Resolver<'a> {
    /// The shape.
    pub shape: &'a Shape,
    /// What was found wrong.
    pub found: &'a mut Vec<Diagnostic>,
}

impl Scope {
    /// Returns the scope of a record; `parents` are the types around it, nearest first.
    pub fn record(ty: TypeId, parents: &[TypeId]) -> Self {
        Self { types: parents.iter().rev().copied().chain([ty]).collect(), at: Vec::new(), out: 0 }
    }

    /// Returns the scope of the elements of a path.
    #[must_use]
    pub fn element(&self, path: &LegacyPath) -> Self {
        let mut types = self.types.clone();
        types.truncate(types.len().saturating_sub(path.up).max(1));
        types.extend(path.steps.iter().map(|step| step.ty));
        Self { types, at: Vec::new(), out: 0 }
    }

    /// Returns the scope below a common prefix.
    #[must_use]
    pub fn below(&self, path: &LegacyPath) -> Self {
        Self { types: self.types.clone(), at: path.steps.clone(), out: path.up }
    }

    /// Returns the nearest structure around that something stands beside, and how many types outwards it is.
    fn record_around(&self, shape: &Shape) -> Option<(usize, TypeId)> {
        let outwards = self.types.iter().rev().copied().enumerate();
        outwards.into_iter().find(|(_, ty)| beside::parts(shape, *ty).next().is_some())
    }

    fn base(&self) -> Option<TypeId> {
        self.types.last().copied()
    }
}

impl Resolver<'_> {
    /// Resolves a path of which nothing is asked but that it exists.
    pub fn path(&mut self, scope: &Scope, path: &lang::Path) -> Option<LegacyPath> {
        let (mut ty, mut steps, up) = match &path.beside {
            Some(name) => self.beside(scope, name)?,
            None => self.start(scope, path)?,
        };
        let mut occurs =
            steps.iter().fold(Occurs::ONCE, |all, step| picked(self.occurs(step), &step.pick).times(all));
        for step in &path.steps {
            let resolved = self.step(ty, step)?;
            ty = resolved.ty;
            occurs = picked(self.occurs(&resolved), &resolved.pick).times(occurs);
            steps.push(resolved);
        }
        let beside = steps.first().and_then(|step| beside::name(self.shape, step));
        Some(LegacyPath { beside, up, steps, ty, occurs, span: path.span })
    }

    /// Resolves a path that must lead to values, of which there may be many.
    pub fn values(&mut self, scope: &Scope, path: &lang::Path) -> Option<LegacyPath> {
        let mut resolved = self.path(scope, path)?;
        if self.shape.group(resolved.ty).is_none() {
            return Some(resolved);
        }
        let Some(text) = self.shape.text_part(resolved.ty) else {
            let name = path.steps.last().map_or("this", |step| step.name.as_str());
            self.found.push(
                Diagnostic::new(
                    "E018",
                    path.span,
                    format!("`{name}` is a group, and a value is needed here"),
                )
                .also(self.declared(&resolved), "declared here")
                .hint(self.parts_hint(resolved.ty)),
            );
            return None;
        };
        let ty = self.shape.part(text).ty;
        resolved.steps.push(Step { parts: vec![text], ty, pick: Pick::Only });
        resolved.ty = ty;
        Some(resolved)
    }

    /// Resolves a path that must lead to one value.
    pub fn value(&mut self, scope: &Scope, path: &lang::Path) -> Option<LegacyPath> {
        let resolved = self.values(scope, path)?;
        self.single(&resolved, path).then_some(resolved)
    }

    /// Reports E016 for a path on which something repeats and nothing says which of it is meant.
    pub fn single(&mut self, resolved: &LegacyPath, path: &lang::Path) -> bool {
        let repeated = resolved.steps.iter().find(|step| picked(self.occurs(step), &step.pick).repeats());
        let Some(step) = repeated else { return true };
        let part = step.parts.first().map(|&part| self.shape.part(part));
        let name = part.map_or_else(String::new, |part| part.name.local.to_string());
        let often = match self.occurs(step).max {
            Some(max) => format!("up to {max} times"),
            None => "any number of times".into(),
        };
        self.found.push(
            Diagnostic::new("E016", path.span, format!("`{name}` can occur {often}"))
                .also(part.and_then(|part| part.span), "declared here")
                .hint(format!("use `each:`, {name}[1], {name}[*], or a condition")),
        );
        false
    }

    /// Resolves the path of an `each`.
    pub fn repeated(&mut self, scope: &Scope, path: &lang::Path) -> Option<LegacyPath> {
        let resolved = self.path(scope, path)?;
        let (last, first) = resolved.steps.split_last()?;
        let before = LegacyPath { steps: first.to_vec(), ..resolved.clone() };
        if !self.single(&before, path) || !self.outwards_once(&resolved) {
            return None;
        }
        let name = path.steps.last().map_or("this", |step| step.name.as_str());
        if !picked(self.occurs(last), &Pick::Only).repeats() || matches!(last.pick, Pick::Nth(_) | Pick::Last)
        {
            self.found.push(
                Diagnostic::new("E017", path.span, format!("`{name}` occurs at most once"))
                    .also(self.declared(&resolved), "declared here")
                    .hint("use `at:` for an object, or the path of a value"),
            );
            return None;
        }
        if self.shape.group(resolved.ty).is_none() {
            self.found.push(
                Diagnostic::new("E018", path.span, format!("`{name}` is a value, and `each:` needs a group"))
                    .also(self.declared(&resolved), "declared here")
                    .hint(format!("write {name}[*] for an array of values")),
            );
            return None;
        }
        Some(resolved)
    }

    /// Resolves the common prefix of an `at`: a group that occurs at most once.
    pub fn prefix(&mut self, scope: &Scope, path: &lang::Path) -> Option<LegacyPath> {
        let resolved = self.path(scope, path)?;
        if !self.single(&resolved, path) {
            return None;
        }
        if self.shape.group(resolved.ty).is_none() {
            let name = path.steps.last().map_or("this", |step| step.name.as_str());
            self.found.push(
                Diagnostic::new("E018", path.span, format!("`{name}` is a value, and `at:` needs a group"))
                    .also(self.declared(&resolved), "declared here"),
            );
            return None;
        }
        Some(resolved)
    }

    /// Returns how often a step can occur in its parent, whatever it picks.
    pub fn occurs(&self, step: &Step) -> Occurs {
        let parts = || step.parts.iter().map(|&part| self.shape.part(part));
        let Some(first) = parts().next() else { return Occurs::OPTIONAL };
        let repeats = parts().any(|part| part.occurs.repeats());
        let max = if repeats {
            parts().map(|part| part.occurs.max).max_by_key(|max| max.unwrap_or(u32::MAX)).flatten()
        } else {
            Some(1)
        };
        // Another part of the same name may stand in its place only where it is not required itself.
        let min = if step.parts.len() > 1 && !parts().all(|part| alternative(part, first)) {
            0
        } else {
            first.occurs.min
        };
        Occurs { min, max }
    }

    /// Returns where the last step of a path is declared.
    pub fn declared(&self, path: &LegacyPath) -> Option<Span> {
        let part = path.steps.iter().rev().find_map(|step| step.parts.first())?;
        self.shape.part(*part).span
    }

    fn start(&mut self, scope: &Scope, path: &lang::Path) -> Option<(TypeId, Vec<Step>, usize)> {
        let inner = path.up.min(scope.at.len());
        let steps = scope.at[..scope.at.len() - inner].to_vec();
        let up = scope.out + path.up - inner;
        let Some(at) = scope.types.len().checked_sub(up + 1) else {
            self.found.push(
                Diagnostic::new("E014", path.span, "`..` leads out of what the model is made of").hint(
                    "name the enclosing structure in `legacy:` too, as in `connection/Enclosing/Structure`",
                ),
            );
            return None;
        };
        let ty = steps.last().map_or(scope.types[at], |last| last.ty);
        Some((ty, steps, up))
    }

    /// Resolves one step from a type.
    pub fn step(&mut self, ty: TypeId, step: &lang::Step) -> Option<Step> {
        let parts = match find::parts(self.shape, ty, step) {
            Found::Parts(parts) => parts,
            Found::None => {
                self.unknown(ty, &step.name, step.name_span, "E014");
                return None;
            }
            Found::Many(one, other) => {
                self.ambiguous(step, one, other);
                return None;
            }
        };
        let ty = self.shape.part(*parts.first()?).ty;
        let pick = self.pick(ty, &step.pick)?;
        Some(Step { parts, ty, pick })
    }

    fn pick(&mut self, ty: TypeId, pick: &lang::Pick) -> Option<Pick> {
        Some(match pick {
            lang::Pick::None => Pick::Only,
            lang::Pick::Nth(n) => Pick::Nth(*n),
            lang::Pick::Last => Pick::Last,
            lang::Pick::All => Pick::All,
            lang::Pick::Where(all) => {
                let conditions: Vec<Option<Condition>> =
                    all.iter().map(|it| self.condition(ty, it)).collect();
                Pick::Where(conditions.into_iter().collect::<Option<_>>()?)
            }
        })
    }

    fn condition(&mut self, ty: TypeId, it: &lang::PickWhere) -> Option<Condition> {
        let (mut at, mut path) = (ty, Vec::new());
        for step in &it.path {
            let Found::Parts(parts) = find::parts(self.shape, at, step) else {
                self.unknown(at, &step.name, step.name_span, "E015");
                return None;
            };
            at = self.shape.part(*parts.first()?).ty;
            path.push(Step { parts, ty: at, pick: Pick::Only });
        }
        if self.shape.group(at).is_some() {
            let Some(text) = self.shape.text_part(at) else {
                let name = it.path.last().map_or("this", |step| step.name.as_str());
                self.found.push(Diagnostic::new(
                    "E018",
                    it.span,
                    format!("`{name}` is a group and cannot be compared"),
                ));
                return None;
            };
            at = self.shape.part(text).ty;
            path.push(Step { parts: vec![text], ty: at, pick: Pick::Only });
        }
        self.possible(at, &it.value)?;
        Some(Condition { path, value: it.value.value.as_str().into() })
    }

    /// Reports E015 for a value that a legacy leaf cannot have.
    pub fn possible(&mut self, ty: TypeId, value: &lang::Spanned<String>) -> Option<()> {
        let Some(kernel::ScalarType::Text(text)) = self.shape.scalar(ty) else { return Some(()) };
        if text.codes.is_empty() || text.codes.iter().any(|code| **code == *value.value) {
            return Some(());
        }
        let near = suggestions(&value.value, text.codes.iter().map(|code| &**code));
        self.found.push(
            Diagnostic::new(
                "E015",
                value.span,
                format!("the legacy schema does not allow the value `{}`", value.value),
            )
            .also(self.shape.ty(ty).span, "declared here")
            .hint(format!("it allows: {}", near.join(", "))),
        );
        None
    }

    fn unknown(&mut self, ty: TypeId, name: &str, span: Span, code: &'static str) {
        let around = self.name_of(ty);
        let mut diagnostic = Diagnostic::new(code, span, format!("{around} has no `{name}`"))
            .also(self.shape.ty(ty).span, format!("{around} is declared here"));
        if self.shape.group(ty).is_none() {
            diagnostic = diagnostic.hint(format!("{around} is a value and has no parts"));
        } else {
            let names: Vec<String> = find::names(self.shape, ty);
            let near = suggestions(name, names.iter().map(String::as_str));
            if !near.is_empty() {
                diagnostic = diagnostic.hint(format!("it has: {}", near.join(", ")));
            }
        }
        self.found.push(diagnostic);
    }

    fn ambiguous(&mut self, step: &lang::Step, one: PartId, other: PartId) {
        let (one, other) = (self.shape.part(one), self.shape.part(other));
        let hint = if one.kind == other.kind {
            "they are in different namespaces: name the one that is meant in `namespaces:` of the connection"
                .to_owned()
        } else {
            format!("write \"@{}\" for the attribute", step.name)
        };
        self.found.push(
            Diagnostic::new(
                "E014",
                step.name_span,
                format!("there are two things called `{}` here", step.name),
            )
            .also(one.span, "one")
            .also(other.span, "the other")
            .hint(hint),
        );
    }

    fn parts_hint(&self, ty: TypeId) -> String {
        let names = find::names(self.shape, ty);
        let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
        format!("name one of its parts: {}", shown.join(", "))
    }

    /// Returns what people call a type.
    pub fn name_of(&self, ty: TypeId) -> String {
        if let Some(name) = &self.shape.ty(ty).name {
            return name.local.to_string();
        }
        let part = self.shape.parts().find(|(id, part)| part.ty == ty && *id != PartId::TYPE);
        part.map_or_else(|| "this".into(), |(_, part)| part.name.local.to_string())
    }
}

impl Scope {
    /// Returns the type on which paths are relative.
    pub fn ty(&self) -> Option<TypeId> {
        self.at.last().map(|step| step.ty).or(self.base())
    }
}

/// Two parts that stand for the same thing: one takes the place of the other, or both are declared alike.
fn alternative(part: &Part, first: &Part) -> bool {
    part.name == first.name || part.substitutes.is_some()
}

/// Returns how often something occurs once it was picked.
fn picked(occurs: Occurs, pick: &Pick) -> Occurs {
    match pick {
        Pick::Only => occurs,
        Pick::All => Occurs { min: occurs.min, max: occurs.max.map(|_| 1).or(Some(1)) },
        Pick::Nth(1) | Pick::Last => Occurs { min: occurs.min.min(1), max: Some(1) },
        Pick::Nth(_) | Pick::Where(_) => Occurs::OPTIONAL,
    }
}
