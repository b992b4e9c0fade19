//! The files of a case: its project with what is missing of it, and its JSON with our keys.
//!
//! **Invariant.** What is made up for a missing file declares names only; it never changes what a case says.

use crate::project;
use adapters_ports::Files;
use serde_json::{Map, Value};

/// The files of a case: some import schemas of a vendor that are not there, of which two types are used.
#[derive(Debug)]
pub(crate) struct CaseFiles(pub(crate) project::Folder);

impl Files for CaseFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if let Some(own) = path.strip_prefix("a/b/c/d/") {
            return self.0.read(own);
        }
        let (_, name) = path.rsplit_once("platform/").ok_or("it does not exist")?;
        if let Ok(found) = self.0.read(&format!("soap.{name}")) {
            return Ok(found);
        }
        let space = match name {
            "platform.coreTypes.xsd" => "urn:types.core_2013_2.platform.webservices.netsuite.com",
            "platform.faultTypes.xsd" => "urn:types.faults_2013_2.platform.webservices.netsuite.com",
            "platform.common.xsd" => "urn:common_2013_2.platform.webservices.netsuite.com",
            "platform.commonTypes.xsd" => "urn:types.common_2013_2.platform.webservices.netsuite.com",
            "lists.relationshipTypes.xsd" => "urn:types.relationships_2013_2.lists.webservices.netsuite.com",
            _ => return Err("it does not exist".into()),
        };
        let text = "<xs:restriction base='xs:string'/>";
        Ok(format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='{space}'>\
             <xs:simpleType name='StatusDetailCodeType'>{text}</xs:simpleType>\
             <xs:simpleType name='StatusDetailType'>{text}</xs:simpleType></xs:schema>"
        )
        .into_bytes())
    }
}

/// Renames the keys that an option of that client names otherwise.
pub(crate) fn renamed(value: Value, keys: &[(String, &str)]) -> Value {
    let name = |name: String| match keys.iter().find(|(theirs, _)| *theirs == name) {
        Some((_, ours)) => (*ours).to_owned(),
        None => name,
    };
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(key, value)| (name(key), renamed(value, keys))).collect::<Map<_, _>>(),
        ),
        Value::Array(list) => list.into_iter().map(|value| renamed(value, keys)).collect(),
        other => other,
    }
}

/// Leaves an attribute out, wherever it stands.
pub(crate) fn without_attribute(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            if let Some(attributes) = members.get_mut("attributes").and_then(Value::as_object_mut) {
                attributes.remove(name);
            }
            members.values_mut().for_each(|value| without_attribute(value, name));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| without_attribute(value, name)),
        _ => {}
    }
}
