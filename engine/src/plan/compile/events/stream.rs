//! Events of records that come by themselves: each record of the model's type is one, and others pass by.
//!
//! **Invariant.** Whatever a block asks of its records is checked by type here, so a record fails only by its content.

use super::Found;
use crate::expr;
use crate::lang::{self, Assign, Operand};
use crate::plan::compile::Compiler;
use crate::plan::model::{Facts, Field, FieldKind, LegacyPath, Model, ObjectMap, WriteRule};
use crate::plan::resolve::{Resolver, Scope, written};
use crate::plan::stream::{self, Check, Reading, TallyPlan};
use crate::program::{FieldPath, StreamPlan};
use crate::ty::{Kind, Record, Type};
use kernel::{Catalogue, PartId, PartKind};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn stream_events(
        &mut self,
        events: &lang::Events,
        catalogue: &Catalogue,
        found: Found,
        before: usize,
    ) {
        let model = Arc::clone(&found.model);
        if let Some(watch) = &events.watch {
            let message = "a stream is not asked: its records come by themselves";
            self.report("E007", watch.span, message).hint = Some("take `watch:` away".into());
        }
        if !catalogue.records.contains(&model.part) {
            let message = format!("{} is a part of a record, and events are of whole records", model.name);
            let names = names(catalogue, &catalogue.records).join(", ");
            self.report("E003", events.model.span, message).hint = Some(format!("there is: {names}"));
            return;
        }
        self.stream_key(events, &model);
        let newest = events.newest.as_ref().and_then(|name| self.newest(name, &model));
        let tally = self.verify(events, catalogue, &model);
        let Some((id, _)) = self.find_model(&model.name) else { return };
        let formulas = &found.formulas;
        let facts = stream::Facts {
            key: formulas.key.as_ref(),
            id: formulas.id.as_ref(),
            time: formulas.time.as_ref(),
            subject: formulas.subject.as_ref(),
            deleted_when: formulas.deleted_when.as_ref(),
            newest: newest.as_ref(),
            only_changes: &found.only_changes,
        };
        let connection = &self.connections[model.connection];
        let setting = (connection.timezone.clone(), connection.strict);
        let reading = Arc::new(Reading::new(&model, &facts, setting));
        let stream = StreamPlan {
            connection: model.connection,
            record: model.part,
            newest,
            verifies: tally.is_some(),
            others: catalogue.records.iter().copied().filter(|&record| record != model.part).collect(),
            reading,
            tally: tally.map(Arc::new),
        };
        self.publish(events, id, found, (None, Some(stream)), before);
    }

    /// E077: what knows records of one key needs one.
    fn stream_key(&mut self, events: &lang::Events, model: &Model) {
        if !model.key.is_empty() {
            return;
        }
        let state = [&events.created, &events.updated, &events.deleted].into_iter().flatten().next();
        let (span, why) = match (state, &events.newest, events.only_changes.first()) {
            (Some(state), ..) => (state.span, "so its changes cannot be told"),
            (_, Some(newest), _) => (newest.span, "so which record is the newest one cannot be told"),
            (_, _, Some(only)) => (only.span, "so what changed cannot be told"),
            _ if events.key.is_none() => (events.model.span, "so there is nothing that keeps the order"),
            _ => return,
        };
        let message = format!("{} has no key, {why}", model.name);
        self.report("E077", span, message).hint = Some(format!("add `key:` to the model {}", model.name));
    }

    fn newest(&mut self, name: &lang::Spanned<String>, model: &Model) -> Option<FieldPath> {
        // That there is no such field was reported before.
        let field = super::find_field(model, &name.value)?;
        let kind = &field.ty.kind;
        if !matches!(kind, Kind::Instant | Kind::Date | Kind::Number { .. } | Kind::Any) {
            let message =
                format!("`{}` is {}, which does not say what is newer", name.value, kind.describe());
            let span = field.span;
            let diagnostic = self.report("E042", name.span, message);
            *diagnostic = diagnostic
                .clone()
                .also(Some(span), "the field")
                .hint("name a timestamp, a date or a number that grows");
            return None;
        }
        Some(FieldPath { names: name.value.split('.').map(Arc::from).collect() })
    }

    fn verify(&mut self, events: &lang::Events, catalogue: &Catalogue, model: &Model) -> Option<TallyPlan> {
        let mut body = ObjectMap::default();
        let mut checks = Vec::new();
        for line in &events.verify {
            let Some((field, check)) = self.total(line, model) else { continue };
            body.fields.push(field);
            checks.push(check);
        }
        if checks.is_empty() {
            return None;
        }
        let beside = Model { body, key: Vec::new(), ..model.clone() };
        let name = catalogue.shape.part(model.part).name.local.to_string();
        Some(TallyPlan::new(model, &beside, &name, checks))
    }

    /// Compiles one line of `verify:`: the field that reads what the unit claims, and what it is compared with.
    fn total(&mut self, line: &Assign, model: &Model) -> Option<(Field, Check)> {
        let scope = Scope::record(model.ty, &model.parents);
        let mut resolver = Resolver { shape: &model.shape, found: &mut self.found };
        let path = resolver.value(&scope, &line.path);
        let record = Record {
            fields: model
                .body
                .fields
                .iter()
                .map(|field| (Arc::clone(&field.name), field.ty.clone()))
                .collect(),
        };
        let totals = match &line.value {
            Operand::Expr(expr) => match expr::totals(&expr.text, expr.span, &record) {
                Ok(totals) => Some(totals),
                Err(found) => {
                    self.found.extend(found.into_iter().map(|found| expr.relocate(found)));
                    None
                }
            },
            Operand::Text(_) => None,
        };
        let (path, totals) = (path?, totals?);
        let (Some(_), Some(first)) = (&path.beside, path.steps.first().and_then(|step| step.parts.first()))
        else {
            let message = "a total stands beside the records, not in each of them";
            self.report("E013", line.path.span, message).hint =
                Some("write `$` and the type of the record that has it: `$trailer/…`".into());
            return None;
        };
        let chain = self.plain_chain(&model.shape, &path, line.path.span, model.connection)?;
        if !matches!(chain.ty().kind, Kind::Number { .. } | Kind::Float | Kind::Text | Kind::Any) {
            let message = format!("this is {}, and a total is a number", chain.ty().kind.describe());
            let declared = Resolver { shape: &model.shape, found: &mut self.found }.declared(&path);
            let diagnostic = self.report("E042", line.path.span, message);
            *diagnostic = diagnostic.clone().also(declared, "declared here");
            return None;
        }
        let part = (*first, Box::from(&*model.shape.part(*first).name.local));
        let check = Check::new(written(&model.shape, &path).into(), leaf(model, &path), part, totals);
        let kind = FieldKind::Value { sources: vec![path], chain, many: false, write: WriteRule::Never };
        let field = Field {
            name: check.path.as_ref().into(),
            hidden: true,
            sensitive: false,
            span: line.path.span,
            ty: Type::optional(Kind::Any),
            facts: Facts::default(),
            kind,
        };
        Some((field, check))
    }

    /// W008: types of records that no model reads and that nobody names beside another record.
    pub(in crate::plan::compile) fn records_passed_by(&mut self) {
        if !self.broken.is_empty() {
            // What the wrong lines would have named is not known.
            return;
        }
        for index in 0..self.connections.len() {
            let Some(catalogue) = self.connections[index].catalogue.clone() else { continue };
            let models = || self.models.iter().filter(|model| model.connection == index);
            if catalogue.records.is_empty() || models().next().is_none() {
                continue;
            }
            let mut named = BTreeSet::new();
            models().for_each(|model| beside_model(model, &mut named));
            self.totalled(index, &mut named);
            let nobody = |&&record: &&PartId| {
                let name = &*catalogue.shape.part(record).name.local;
                !models().any(|model| model.part == record) && !named.contains(name)
            };
            let passed: Vec<PartId> = catalogue.records.iter().filter(nobody).copied().collect();
            if let Some(first) = passed.first() {
                let names = names(&catalogue, &passed).join(", ");
                let message = format!("records that nobody reads: {names}");
                let (span, declared) = (self.connections[index].span, catalogue.shape.part(*first).span);
                let hint = format!(
                    "make a model of them, or name them under `ignore:` of a model: [${}]",
                    names.replace(", ", ", $")
                );
                let diagnostic = self.report("W008", span, message);
                *diagnostic = diagnostic.clone().also(declared, "the first is declared here").hint(hint);
            }
        }
    }

    /// Collects the records that totals of the models of a connection are compared with.
    fn totalled(&self, connection: usize, named: &mut BTreeSet<String>) {
        for events in &self.project.events {
            let on_it =
                self.find_model(&events.model.value).is_some_and(|(_, model)| model.connection == connection);
            let paths = events.verify.iter().filter_map(|line| line.path.beside.as_ref());
            named.extend(paths.filter(|_| on_it).map(|name| name.value.clone()));
        }
    }
}

/// Collects what the paths of a model name beside the record.
fn beside_model(model: &Model, named: &mut BTreeSet<String>) {
    named.extend(beside_names(model));
    model.ignored.iter().for_each(|path| beside_path(path, named));
}

/// Returns what the fields of a model read beside the record.
pub(crate) fn beside_names(model: &Model) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    beside_map(&model.body, &mut named);
    named
}

fn beside_map(map: &ObjectMap, named: &mut BTreeSet<String>) {
    for field in &map.fields {
        match &field.kind {
            FieldKind::Value { sources, .. } => sources.iter().for_each(|path| beside_path(path, named)),
            FieldKind::Each { path, element, .. } => {
                beside_path(path, named);
                beside_map(element, named);
            }
            FieldKind::Object(inner) => beside_map(inner, named),
            FieldKind::Cases { selector, cases, .. } => {
                selector.iter().for_each(|path| beside_path(path, named));
                cases.iter().for_each(|case| beside_map(&case.fields, named));
            }
            FieldKind::Computed(_) => {}
        }
    }
}

fn beside_path(path: &LegacyPath, named: &mut BTreeSet<String>) {
    named.extend(path.beside.iter().map(|name| name.to_string()));
}

/// Returns what the legacy field at the end of a path is called.
fn leaf(model: &Model, path: &LegacyPath) -> Box<str> {
    let parts = path.steps.iter().rev().filter_map(|step| step.parts.first());
    let mut names = parts.map(|&part| model.shape.part(part)).filter(|part| part.kind != PartKind::Text);
    names.next().map_or_else(|| "this".into(), |part| Box::from(&*part.name.local))
}

fn names(catalogue: &Catalogue, records: &[PartId]) -> Vec<String> {
    records.iter().map(|&record| catalogue.shape.part(record).name.local.to_string()).collect()
}
