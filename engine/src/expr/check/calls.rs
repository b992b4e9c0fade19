//! Checks calls: macros, and functions of the table.
//!
//! **Invariant.** A call is bound to rows of the table here; no name of a function is looked up when it runs.

use super::super::ast::{Ast, AstKind};
use super::super::functions::{self, Form, Function, Param, Ready};
use super::super::ir::{IrKind, Macro, Walk};
use super::super::limits::{NESTING_MAX, PATTERN_BYTES_MAX};
use super::super::parse::literal_text;
use super::super::suggest::closest;
use super::presence::learned;
use super::{Checked, Checker};
use crate::ty::{Kind, Type};
use regex::RegexBuilder;
use std::ops::Range;
use std::sync::Arc;

/// The macros: name, how it is called, what it does, an example and its value.
pub(in crate::expr) const MACROS: &[(&str, &str, &str, (&str, &str))] = &[
    (
        "has",
        "has(path) → bool",
        "Says whether there is a value; what lies behind it is then known to be present.",
        ("has({'a': 1}.a)", "true"),
    ),
    (
        "all",
        "list.all(each, test) → bool",
        "Says whether the test holds for every element.",
        ("[1, 2].all(n, n > 0)", "true"),
    ),
    (
        "exists",
        "list.exists(each, test) → bool",
        "Says whether the test holds for some element.",
        ("[1, 2].exists(n, n > 1)", "true"),
    ),
    (
        "exists_one",
        "list.exists_one(each, test) → bool",
        "Says whether the test holds for exactly one element.",
        ("[1, 2].exists_one(n, n > 0)", "false"),
    ),
    (
        "map",
        "list.map(each, value) → list",
        "Makes a value of every element; with three arguments, of every one for which the second holds.",
        ("[1, 2, 3].map(n, n > 1, n * n)", "[4,9]"),
    ),
    (
        "filter",
        "list.filter(each, test) → list",
        "Takes the elements for which the test holds.",
        ("[1, 2, 3].filter(n, n != 2)", "[1,3]"),
    ),
];

/// Prefixes of functions that are no names of values.
const NAMESPACES: [&str; 2] = ["math", "strings"];

struct Call<'a> {
    ast: &'a Ast,
    target: Option<&'a Ast>,
    name: &'a str,
    name_range: &'a Range<usize>,
    args: &'a [Ast],
}

impl Checker<'_> {
    pub(super) fn call(&mut self, ast: &Ast) -> Checked {
        let AstKind::Call { target, name, name_range, args } = &ast.kind else { return self.broken(ast) };
        let call = Call { ast, target: target.as_deref(), name, name_range, args };
        match (call.target, call.name) {
            (None, "has") => return self.has(&call),
            (Some(target), _) => {
                if let Some(which) = walker(call.name) {
                    return self.walk(&call, target, which);
                }
                if let AstKind::Name(space) = &target.kind
                    && NAMESPACES.contains(&&**space)
                    && self.is_free(space)
                {
                    let name = format!("{space}.{}", call.name);
                    return self.function(&Call { target: None, name: &name, ..call });
                }
            }
            (None, name) => {
                if walker(name).is_some() {
                    let hint = format!("write list.{name}(each, …)");
                    return self.miscalled(&call, format!("`{name}` stands behind a list"), hint);
                }
            }
        }
        self.function(&call)
    }

    fn is_free(&self, name: &str) -> bool {
        self.scope.find(name).is_none() && !self.locals.iter().any(|(local, _)| &**local == name)
    }

    fn miscalled(&mut self, call: &Call<'_>, message: String, hint: String) -> Checked {
        self.report("E036", call.name_range, message, Some(hint));
        self.broken(call.ast)
    }

    fn has(&mut self, call: &Call<'_>) -> Checked {
        let [arg] = call.args else {
            return self.miscalled(
                call,
                "`has` takes one argument".into(),
                "write has(name) or has(a.b)".into(),
            );
        };
        if !matches!(arg.kind, AstKind::Name(_) | AstKind::Select { .. } | AstKind::Index { .. }) {
            let hint = "write has(name) or has(a.b)".into();
            return self.miscalled(call, "`has` tests a name or a member".into(), hint);
        }
        let tested = self.check(arg);
        self.known(call.ast, (IrKind::Present(Box::new(tested.ir), true), Type::required(Kind::Bool)))
    }

    fn walk(&mut self, call: &Call<'_>, target: &Ast, which: Macro) -> Checked {
        let range = self.check(target);
        let (var, only, body) = match call.args {
            [var, body] => (var, None, body),
            [var, only, body] if which == Macro::Map => (var, Some(only), body),
            _ => {
                let hint = format!("write list.{}(each, …)", call.name);
                return self.miscalled(call, format!("`{}` takes a name and an expression", call.name), hint);
            }
        };
        let AstKind::Name(name) = &var.kind else {
            let message = "this names the element, so it is a plain name".to_owned();
            self.report("E036", &var.range, message, Some("such as `each`".into()));
            return self.broken(call.ast);
        };
        if self.locals.len() >= NESTING_MAX {
            let message = format!("walks over lists are nested more than {NESTING_MAX} deep");
            self.report(
                "E036",
                call.name_range,
                message,
                Some("use a hidden field for the inner one".into()),
            );
            return self.broken(call.ast);
        }
        let element = match &range.ty.kind {
            Kind::List(of) => (**of).clone(),
            Kind::Object(_) => Type::required(Kind::Text),
            Kind::Any if !range.null => Type::optional(Kind::Any),
            other => {
                let message = format!("`{}` walks over a list, not over {}", call.name, other.describe());
                return self.wrong(target, message, None);
            }
        };
        self.locals.push((name.clone(), element.clone()));
        let only_checked = only.map(|only| (only, self.check(only)));
        let facts = only_checked.as_ref().map(|(_, only)| learned(&only.ir, true)).unwrap_or_default();
        let made = self.knowing(facts, body);
        self.locals.pop();
        if let Some((only, checked)) = &only_checked {
            self.boolean(only, checked, call.name);
        }
        if which != Macro::Map {
            self.boolean(body, &made, call.name);
        }
        let unsure = only_checked.as_ref().is_some_and(|(_, only)| only.ty.optional);
        let ty = outcome(which, element, &made.ty, range.ty.optional || unsure);
        let walk = Walk { range: range.ir, only: only_checked.map(|(_, only)| only.ir), body: made.ir };
        self.known(call.ast, (IrKind::Macro(which, Box::new(walk)), ty))
    }

    fn function(&mut self, call: &Call<'_>) -> Checked {
        let args: Vec<Checked> =
            call.target.into_iter().chain(call.args).map(|arg| self.check(arg)).collect();
        let named: Vec<&'static Function> = functions::all().filter(|row| row.name == call.name).collect();
        if named.is_empty() {
            let names = functions::all().map(|row| row.name).chain(MACROS.iter().map(|row| row.0));
            let hint = closest(call.name, names).filter(|hint| hint.starts_with("did"));
            let hint = hint.or_else(|| Some("the reference lists all functions".into()));
            self.report("E036", call.name_range, format!("there is no function `{}`", call.name), hint);
            return self.broken(call.ast);
        }
        let form = if call.target.is_some() { Form::Method } else { Form::Function };
        let called: Vec<_> = (named.iter().copied())
            .filter(|row| (row.form == form || row.form == Form::Either) && row.takes(args.len()))
            .collect();
        if called.is_empty() {
            return self.miscalled(
                call,
                format!("`{}` is not called like this", call.name),
                signatures(&named),
            );
        }
        let fits =
            |row: &&Function| (args.iter().enumerate()).all(|(n, arg)| row.param(n).fits(&arg.ty.kind));
        let rows: Vec<_> = called.iter().copied().filter(fits).collect();
        let Some(first) = rows.first() else { return self.misfit(call, &args, &called) };
        let Some(ready) = self.prepare(call, first) else { return self.broken(call.ast) };
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        let mut ty = first.result.of(&types);
        for row in &rows[1..] {
            let other = row.result.of(&types);
            let kind = super::unify(&ty.kind, &other.kind).unwrap_or(Kind::Any);
            ty = Type { kind, optional: ty.optional || other.optional };
        }
        // `min` and `join` look into the list, so they are as absent as its elements.
        ty.optional |=
            types.iter().any(|ty| ty.optional) || (first.looks_inside() && types.iter().any(inner));
        if first.params.len() >= 2 && first.rest && first.params[0] == Param::Order {
            self.one_type(call, &types);
        }
        let ir = IrKind::Call(rows, args.into_iter().map(|arg| arg.ir).collect(), ready);
        self.known(call.ast, (ir, ty))
    }

    /// Reports values of several types where one is needed.
    fn one_type(&mut self, call: &Call<'_>, types: &[Type]) {
        let mut kinds = types.iter().map(|ty| ty.kind.clone());
        let first = kinds.next().unwrap_or(Kind::Any);
        if kinds.try_fold(first, |all, kind| super::unify(&all, &kind)).is_none() {
            let message = format!("`{}` needs values of one type", call.name);
            self.report("E042", &call.ast.range, message, None);
        }
    }

    fn misfit(&mut self, call: &Call<'_>, args: &[Checked], rows: &[&'static Function]) -> Checked {
        let fitting =
            |row: &&&Function| (0..args.len()).take_while(|n| row.param(*n).fits(&args[*n].ty.kind)).count();
        let Some(best) = rows.iter().max_by_key(fitting) else { return self.broken(call.ast) };
        let n = fitting(&best).min(args.len() - 1);
        let asts: Vec<&Ast> = call.target.into_iter().chain(call.args).collect();
        let (wanted, got) = (best.param(n).name(), args[n].ty.kind.describe());
        let message = format!("`{}` takes {wanted} here, not {got}", call.name);
        self.report("E042", &asts[n].range, message, Some(signatures(rows)));
        self.broken(call.ast)
    }

    /// Compiles what was written out: patterns must be, zones may be.
    fn prepare(&mut self, call: &Call<'_>, row: &Function) -> Option<Ready> {
        for (n, arg) in call.target.into_iter().chain(call.args).enumerate() {
            match (row.param(n), literal_text(arg)) {
                (Param::Pattern, None) => {
                    let hint = Some(
                        "a pattern is compiled once; use contains, startsWith or == for texts of the record"
                            .into(),
                    );
                    self.report("E036", &arg.range, "the pattern must be written out as a text".into(), hint);
                    return None;
                }
                (Param::Pattern, Some(text)) => match RegexBuilder::new(text)
                    .size_limit(PATTERN_BYTES_MAX)
                    .build()
                {
                    Ok(pattern) => return Some(Ready::Pattern(pattern)),
                    Err(error) => {
                        let cause = error.to_string();
                        let cause =
                            cause.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                        self.report("E036", &arg.range, format!("the pattern cannot be used: {cause}"), None);
                        return None;
                    }
                },
                (Param::Zone, Some(name)) => match functions::zone(name) {
                    Some(zone) => return Some(Ready::Zone(zone)),
                    None => {
                        let hint = Some("such as Europe/Berlin, UTC or +02:00".into());
                        self.report("E036", &arg.range, format!("there is no time zone `{name}`"), hint);
                        return None;
                    }
                },
                _ => {}
            }
        }
        Some(Ready::Nothing)
    }
}

impl Function {
    fn looks_inside(&self) -> bool {
        self.params.iter().any(|param| matches!(param, Param::Texts | Param::Numbers | Param::Ordered))
    }
}

fn inner(ty: &Type) -> bool {
    matches!(&ty.kind, Kind::List(of) if of.optional)
}

fn walker(name: &str) -> Option<Macro> {
    Some(match name {
        "all" => Macro::All,
        "exists" => Macro::Exists,
        "exists_one" | "existsOne" => Macro::ExistsOne,
        "map" => Macro::Map,
        "filter" => Macro::Filter,
        _ => return None,
    })
}

fn outcome(which: Macro, element: Type, made: &Type, optional: bool) -> Type {
    match which {
        Macro::Map => Type { kind: Kind::List(Arc::new(made.clone())), optional },
        // A test of unknown outcome leaves unknown which elements there are.
        Macro::Filter => Type { kind: Kind::List(Arc::new(element)), optional: optional || made.optional },
        Macro::All | Macro::Exists | Macro::ExistsOne => {
            Type { kind: Kind::Bool, optional: optional || made.optional }
        }
    }
}

fn signatures(rows: &[&'static Function]) -> String {
    let all: Vec<String> = rows.iter().map(|row| row.signature()).collect();
    format!("write {}", all.join(", or "))
}
