//! What a change of an API would break for those who use it.
//!
//! **Invariant.** Requests may only become wider and responses only narrower; all else is listed. It may list too much,
//! never too little of what it knows: paths, parameters, bodies, responses, properties, types, codes and bounds.

use super::target;
use serde_json::{Map, Value};

/// Returns what a client of `old` loses with `new`, each with the place in `old`.
pub fn breaking_changes(old: &Value, new: &Value) -> Vec<String> {
    let mut compare = Compare { old, new, open: Vec::new(), found: Vec::new() };
    for (path, item) in members(&old["paths"]) {
        for (method, operation) in members(item).filter(|(key, _)| *key != "parameters") {
            let at = format!("{} {path}", method.to_uppercase());
            match new["paths"].get(path).and_then(|item| item.get(method)) {
                Some(now) => compare.operation(&at, operation, now),
                None => compare.tell(&at, "is gone"),
            }
        }
    }
    compare.found.sort();
    compare.found.dedup();
    compare.found
}

/// Who sends what a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Response,
}

struct Compare<'d> {
    old: &'d Value,
    new: &'d Value,
    /// The schemas around the one that is looked at.
    open: Vec<(*const Value, *const Value)>,
    found: Vec<String>,
}

impl<'d> Compare<'d> {
    fn tell(&mut self, at: &str, what: &str) {
        self.found.push(format!("{at} {what}"));
    }

    fn operation(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        self.parameters(at, old, new);
        self.bodies(at, old, new);
        let scopes = |operation: &Value| operation.get("security").cloned();
        if scopes(old) != scopes(new) {
            self.tell(at, "demands other credentials");
        }
        for (status, response) in members(&old["responses"]) {
            let at = format!("{at}, response {status}");
            let Some(now) = new["responses"].get(status) else {
                self.tell(&at, "is gone");
                continue;
            };
            let (response, now) = (target(self.old, response), target(self.new, now));
            for (name, _) in members(&response["headers"]) {
                if now["headers"].get(name).is_none() {
                    self.tell(&at, &format!("has no header {name} any more"));
                }
            }
            self.content(&at, &response["content"], &now["content"], Way::Response);
        }
    }

    fn parameters(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let of = |document: &'d Value, operation: &'d Value| -> Vec<&'d Value> {
            items(&operation["parameters"]).map(|parameter| target(document, parameter)).collect()
        };
        let (before, now) = (of(self.old, old), of(self.new, new));
        let same = |a: &Value, b: &Value| a["in"] == b["in"] && a["name"] == b["name"];
        for parameter in &before {
            let at = format!("{at}, parameter {}", words(&parameter["name"]));
            match now.iter().find(|other| same(parameter, other)) {
                None => self.tell(&at, "is gone"),
                Some(other) => {
                    if other["required"] == true && parameter["required"] != true {
                        self.tell(&at, "is required now");
                    }
                    self.schema(&at, &parameter["schema"], &other["schema"], Way::Request);
                }
            }
        }
        for parameter in now.iter().filter(|it| it["required"] == true) {
            if !before.iter().any(|other| same(parameter, other)) {
                self.tell(&format!("{at}, parameter {}", words(&parameter["name"])), "is required now");
            }
        }
    }

    fn bodies(&mut self, at: &str, old: &'d Value, new: &'d Value) {
        let at = format!("{at}, body");
        match (old.get("requestBody"), new.get("requestBody")) {
            (Some(old), Some(new)) => {
                let (old, new) = (target(self.old, old), target(self.new, new));
                if new["required"] == true && old["required"] != true {
                    self.tell(&at, "is required now");
                }
                self.content(&at, &old["content"], &new["content"], Way::Request);
            }
            (Some(_), None) => self.tell(&at, "is gone"),
            (None, Some(new)) if target(self.new, new)["required"] == true => {
                self.tell(&at, "is required now")
            }
            (None, _) => {}
        }
    }

    fn content(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Way) {
        for (kind, media) in members(old) {
            match new.get(kind) {
                Some(now) => self.schema(at, &media["schema"], &now["schema"], way),
                None => self.tell(at, &format!("is not {kind} any more")),
            }
        }
    }

    fn schema(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Way) {
        let (old, new) = (target(self.old, old), target(self.new, new));
        // A recursive schema leads here again.
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        self.values(at, old, new, way);
        if way == Way::Request {
            self.bounds(at, old, new);
        }
        self.properties(at, old, new, way);
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.schema(&format!("{at}/-"), old, new, way);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            let (before, now): (Vec<_>, Vec<_>) = (items(&old[key]).collect(), items(&new[key]).collect());
            if before.len() != now.len() {
                self.tell(at, &format!("has other alternatives ({key})"));
            }
            before.into_iter().zip(now).for_each(|(old, new)| self.schema(at, old, new, way));
        }
        self.open.pop();
    }

    /// Types and codes. Absent means any.
    fn values(&mut self, at: &str, old: &Value, new: &Value, way: Way) {
        for key in ["type", "enum"] {
            let (wide, narrow, verb) = match way {
                Way::Request => (old, new, "is not accepted any more"),
                Way::Response => (new, old, "may come now"),
            };
            match (set(&wide[key]), set(&narrow[key])) {
                (_, None) => {}
                (None, Some(_)) => self.tell(at, &format!("has another {key}: anything else {verb}")),
                (Some(wide), Some(narrow)) => {
                    let number =
                        |value: &Value| narrow.contains(&&Value::from("number")) && value == "integer";
                    for value in wide.into_iter().filter(|value| !narrow.contains(value) && !number(value)) {
                        self.tell(at, &format!("has another {key}: {} {verb}", words(value)));
                    }
                }
            }
        }
    }

    fn bounds(&mut self, at: &str, old: &Value, new: &Value) {
        for (key, sign) in [
            ("maxLength", 1.0),
            ("maximum", 1.0),
            ("maxItems", 1.0),
            ("minLength", -1.0),
            ("minimum", -1.0),
            ("minItems", -1.0),
        ] {
            let bound = |schema: &Value| schema[key].as_f64().map(|bound| bound * sign);
            if bound(new).is_some_and(|new| bound(old).is_none_or(|old| new < old)) {
                self.tell(at, &format!("is bounded more tightly: {key} {}", new[key]));
            }
        }
        for key in ["pattern", "format", "const"] {
            if new.get(key).is_some() && old.get(key) != new.get(key) {
                self.tell(at, &format!("is bounded more tightly: {key} {}", new[key]));
            }
        }
        if new["additionalProperties"] == false && old["additionalProperties"] != false {
            self.tell(at, "takes no other members any more");
        }
    }

    fn properties(&mut self, at: &str, old: &'d Value, new: &'d Value, way: Way) {
        for (name, property) in members(&old["properties"]) {
            let at = format!("{at}/{name}");
            match new["properties"].get(name) {
                Some(now) => self.schema(&at, property, now, way),
                None => self.tell(&at, "is gone"),
            }
        }
        let (more, less, what) = match way {
            Way::Request => (new, old, "is required now"),
            Way::Response => (old, new, "may be missing now"),
        };
        for name in
            items(&more["required"]).filter(|name| !items(&less["required"]).any(|other| other == *name))
        {
            self.tell(&format!("{at}/{}", words(name)), what);
        }
    }
}

fn set(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Null => None,
        Value::Array(values) => Some(values.iter().collect()),
        one => Some(vec![one]),
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
