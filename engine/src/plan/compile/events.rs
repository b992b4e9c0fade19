//! Events: which are published of a model, and how changes are noticed.
//!
//! **Invariant.** What this build cannot watch or publish is kept as unsupported; it never becomes a plan that sees less.

mod stream;

pub(crate) use stream::beside_names;

use super::Compiler;
use super::formulas::{Names, scope_of};
use super::operations::parameters::find_field;
use super::tables::{column_plans, table_plan};
use crate::codec::Ask;
use crate::lang::{self, Spanned};
use crate::plan::model::{FieldKind, Formula, Model, ModelId, Origin};
use crate::plan::read::ReadPlan;
use crate::program::{
    EventPlan, EventTypes, FieldPath, SinceKind, SincePlan, StreamPlan, TopicPlan, WatchPlan,
};
use crate::ty::Kind;
use kernel::{Diagnostic, Table};
use std::sync::Arc;
use std::time::Duration;

/// The expressions of an event block.
#[derive(Default)]
struct Formulas {
    key: Option<Formula>,
    id: Option<Formula>,
    time: Option<Formula>,
    subject: Option<Formula>,
    deleted_when: Option<Formula>,
}

/// What is known of an event block, whatever its changes are noticed by.
struct Found {
    model: Arc<Model>,
    formulas: Formulas,
    only_changes: Vec<FieldPath>,
    /// Where events go, and where records go that cannot be read.
    topics: (Option<TopicPlan>, Option<TopicPlan>),
}

impl Compiler<'_> {
    pub(super) fn events(&mut self, events: &lang::Events) {
        let before = self.found.len();
        let topics = (self.topic(events.topic.as_ref()), self.topic(events.reject.as_ref()));
        let Some(model) = self.known_model(&events.model) else {
            // Of a model that is wrong everything was said already.
            if self.foreign.contains(&events.model.value.as_str()) {
                self.not_published(
                    events,
                    "its model is on a connection that no adapter of this build serves",
                );
            }
            return;
        };
        let formulas = self.event_formulas(events, &model);
        if let Some(newest) = &events.newest {
            self.field_path(newest, &model);
        }
        let only_changes: Vec<FieldPath> =
            events.only_changes.iter().filter_map(|name| self.field_path(name, &model)).collect();
        let catalogue = self.connections[model.connection].catalogue.clone();
        if let Some(catalogue) = catalogue.filter(|catalogue| !catalogue.records.is_empty()) {
            let found = Found { model, formulas, only_changes, topics };
            return self.stream_events(events, &catalogue, found, before);
        }
        for total in &events.verify {
            let message = "totals are of a file or another unit of records, and this has none";
            self.report("E007", total.path.span, message).hint = Some("take `verify:` away".into());
        }
        let Some(table) = self.table(&model) else {
            self.watched_call(events, &model);
            return self.not_published(
                events,
                "events of models that are on no table are not published by this build",
            );
        };
        if let Some(newest) = &events.newest {
            self.report("E007", newest.span, "a row of a table is always the newest one of its key").hint =
                Some("take `newest:` away".into());
        }
        let Some((id, _)) = self.find_model(&model.name) else { return };
        let watch = events.watch.as_ref().map(|watch| self.watch(watch, id, &model, &table));
        if model.key.is_empty() {
            let message = format!("{} has no key, so its events cannot be told apart", model.name);
            self.report("E077", events.model.span, message).hint =
                Some(format!("add `key:` to the model {}", model.name));
        }
        self.publish(
            events,
            id,
            Found { model, formulas, only_changes, topics },
            (watch.flatten(), None),
            before,
        );
    }

    /// Keeps the plan of a block, unless there was an error since `before`.
    fn publish(
        &mut self,
        events: &lang::Events,
        id: ModelId,
        found: Found,
        (watch, stream): (Option<WatchPlan>, Option<StreamPlan>),
        before: usize,
    ) {
        let Found { model, formulas, only_changes, topics } = found;
        let (Some(topic), reject) = topics else {
            return self
                .not_published(events, "its topic is on a connection that no adapter of this build serves");
        };
        if events.reject.is_some() && reject.is_none() {
            let why = "its dead letters go to a connection that no adapter of this build serves";
            return self.not_published(events, why);
        }
        if self.found[before..].iter().any(|found| found.severity == kernel::Severity::Error) {
            return;
        }
        let facade = self.project.facade.as_ref().map_or("", |name| name.value.as_str());
        self.events.push(Arc::new(EventPlan {
            model: id,
            name: Arc::clone(&model.name),
            topic,
            types: types(events),
            source: format!("/facade/{facade}").into(),
            deleted_when: formulas.deleted_when,
            key: formulas.key,
            id: formulas.id,
            time: formulas.time,
            subject: formulas.subject,
            only_changes,
            reject,
            schema: Arc::new(crate::plan::schema::for_reply(&model.schema)),
            watch,
            stream,
            policy: events.policy.clone(),
            span: events.model.span,
        }));
    }

    fn not_published(&mut self, events: &lang::Events, why: &'static str) {
        self.unsupported("events", &events.model.value, why, events.model.span);
    }

    /// Finds a topic: nothing where no adapter serves its connection. E002 if that takes no events.
    fn topic(&mut self, topic: Option<&lang::Topic>) -> Option<TopicPlan> {
        let topic = topic?;
        let name: Arc<str> = topic.topic.value.as_str().into();
        let Some(connection) = &topic.connection else {
            return Some(TopicPlan { connection: None, topic: name });
        };
        let index = self.connection(&connection.value, connection.span)?;
        let catalogue = self.connections[index].catalogue.as_ref()?;
        if !catalogue.takes_events {
            let message = format!("`{}` takes no events", connection.value);
            self.report("E002", connection.span, message).hint = Some(
                "name a connection that takes events, or write the topic alone for the embedded log".into(),
            );
            return None;
        }
        Some(TopicPlan { connection: Some(index), topic: name })
    }

    fn event_formulas(&mut self, events: &lang::Events, model: &Model) -> Formulas {
        let scope = scope_of(&[&model.body]);
        let mut formula =
            |expr: &Option<lang::Expr>| expr.as_ref().and_then(|expr| self.formula(expr, &scope));
        let formulas = Formulas {
            key: formula(&events.key),
            id: formula(&events.id),
            time: formula(&events.time),
            subject: formula(&events.subject),
            deleted_when: formula(&events.deleted_when),
        };
        if let (Some(formula), Some(expr)) = (&formulas.deleted_when, &events.deleted_when)
            && !matches!(formula.typed.ty().kind, Kind::Bool | Kind::Any)
        {
            let found = formula.typed.ty().kind.describe();
            self.report("E042", expr.span, format!("this is {found}, and true or false is needed"));
        }
        if let (Some(formula), Some(expr)) = (&formulas.time, &events.time)
            && !matches!(formula.typed.ty().kind, Kind::Instant | Kind::Date | Kind::Any)
        {
            let found = formula.typed.ty().kind.describe();
            self.report("E042", expr.span, format!("this is {found}, and a timestamp or date is needed"));
        }
        formulas
    }

    fn field_path(&mut self, name: &Spanned<String>, model: &Model) -> Option<FieldPath> {
        if find_field(model, &name.value).is_none() {
            let names: Vec<String> = model.body.fields.iter().map(|field| field.name.to_string()).collect();
            self.unknown("E030", name.span, &format!("field of {}", model.name), &name.value, &names);
            return None;
        }
        Some(FieldPath { names: name.value.split('.').map(Arc::from).collect() })
    }

    fn watch(
        &mut self,
        watch: &lang::Watch,
        id: ModelId,
        model: &Model,
        table: &Arc<Table>,
    ) -> Option<WatchPlan> {
        if let Some(call) = &watch.call {
            self.report("E007", call.span, "a table is asked by a query, not by a call").hint =
                Some("take `call:`, `send:` and `receive:` away".into());
            return None;
        }
        let since = match &watch.since {
            Some(name) => Some(self.since(name, model)?),
            None => None,
        };
        let catalogue = self.connections[model.connection].catalogue.as_ref();
        let time = |time: &Option<Spanned<Duration>>| time.as_ref().map(|time| time.value);
        Some(WatchPlan {
            every: time(&watch.every)?,
            overlap: time(&watch.overlap).unwrap_or_default(),
            sweep: time(&watch.sweep),
            horizon: catalogue.is_some_and(|catalogue| catalogue.horizon.is_some()),
            since,
            connection: model.connection,
            read: Arc::new(ReadPlan::of_record(model)),
            rows: table.rows,
            table: table_plan(id, model, table),
        })
    }

    fn since(&mut self, name: &Spanned<String>, model: &Model) -> Option<SincePlan> {
        let field = self.field_path(name, model)?;
        let found = find_field(model, &name.value)?;
        let grows = match &found.kind {
            FieldKind::Value { sources, chain, many: false, .. } if chain.takes(Ask::Range).is_ok() => {
                Some((sources, chain))
            }
            _ => None,
        };
        let Some((sources, chain)) = grows else {
            let message =
                format!("`{}` cannot be compared by >=: its codec does not keep the order", name.value);
            self.found.push(Diagnostic::new("E034", name.span, message).also(Some(found.span), "the field"));
            return None;
        };
        let kind = match chain.ty().kind {
            Kind::Instant => SinceKind::Instant,
            Kind::Date => SinceKind::Date,
            Kind::Number { .. } => SinceKind::Sequence,
            _ => {
                let message =
                    format!("`{}` is {}, which does not grow", name.value, chain.ty().kind.describe());
                self.found.push(
                    Diagnostic::new("E042", name.span, message)
                        .also(Some(found.span), "the field")
                        .hint("name a timestamp, a date or a number that grows with each change"),
                );
                return None;
            }
        };
        let columns = column_plans(&model.shape, sources);
        Some(SincePlan { field, chain: chain.clone(), columns, kind })
    }

    /// Checks the watch of a model that is on no table.
    fn watched_call(&mut self, events: &lang::Events, model: &Arc<Model>) {
        let Some(watch) = &events.watch else { return };
        let mut names = Names::default();
        if let Some(since) = &watch.since
            && let Some(index) = self.field_name(since, model)
        {
            names.add("since", model.body.fields[index].ty.clone(), Origin::Param(0));
        }
        names.add_ambient();
        let service = self.connections[model.connection].catalogue.as_ref();
        if watch.call.is_none() && service.is_some_and(|catalogue| !catalogue.operations.is_empty()) {
            let message = format!("the watch of {} calls nothing", model.name);
            self.report("E007", events.model.span, message).hint =
                Some("add `call: connection.operation`".into());
        }
        let asked = (watch.call.as_ref(), &watch.send[..], watch.receive.as_ref());
        self.sends(asked, names, (model, events.model.span));
    }
}

fn types(events: &lang::Events) -> EventTypes {
    let text = |name: &Option<Spanned<String>>| name.as_ref().map(|name| Arc::from(name.value.as_str()));
    match text(&events.ty) {
        Some(ty) => EventTypes::Record(ty),
        None => EventTypes::State {
            created: text(&events.created),
            updated: text(&events.updated),
            deleted: text(&events.deleted),
        },
    }
}
