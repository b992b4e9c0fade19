//! How much of each case is run, and why not all of it.
//!
//! **Invariant.** A case that is not listed is run whole: sent alike to the last name, read alike to the last value.

/// How what we send is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sent {
    /// By infoset, prefixes aside.
    Exact,
    /// By what a tolerant connection reads of it: theirs is not what the WSDL says, ours is.
    Content,
    /// By infoset, but the header by what it claims of us: its times and numbers are made anew for every try.
    Secured,
    /// Not at all.
    No,
}

/// How what we read is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Read {
    /// All of it, and nothing is unknown.
    Whole,
    /// All of it but what the schema does not declare, which is just these names and must be told as unknown.
    Except(&'static [&'static str]),
    /// Not at all.
    No,
}

/// A case of which not everything is run exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) sent: Sent,
    pub(crate) read: Read,
    pub(crate) why: &'static str,
}

/// What holds for a case that is not listed.
pub(crate) const WHOLE: Case = Case { name: "", sent: Sent::Exact, read: Read::Whole, why: "" };

const OURS: &str = "its option asks for what we always do";
const KEYS: &str = "its option names the keys of its JSON, which we follow";
const SECURITY: &str = "its security header has times; the header is compared by what it claims";
const OPTION: &str = "its option changes what is sent away from what the WSDL says";
const UNDECLARED: &str = "its request has an element that its schema does not declare";
const SPELLING: &str = "its request has an element that its WSDL spells otherwise";
const ORDER: &str = "its request is in another order than its schema";
const ROOT: &str = "the body of its reply holds an element of another name than the WSDL declares";
const ATTACHMENT: &str = "its reply is a multipart message";
const TYPES: &str = "its request has parts of a type that the WSDL uses and does not declare";
const RECORD: &str = "its reply has an attribute that its schema does not declare";

const fn case(name: &'static str, sent: Sent, read: Read, why: &'static str) -> Case {
    Case { name, sent, read, why }
}

/// All cases that are not run whole and exactly, or have an option.
pub(crate) const CASES: &[Case] = &[
    case("Dummy__ref_element_should_have_correct_namespace", Sent::Exact, Read::No, ATTACHMENT),
    case(
        "Dummy__ref_element_should_have_correct_namespace_with_overrideElementKey",
        Sent::No,
        Read::No,
        "an option that renames elements of the WSDL, in both directions",
    ),
    case("Dummy__should_extract_envelope_from_response", Sent::Exact, Read::No, ATTACHMENT),
    case("Dummy__should_handle_nil_as_null", Sent::Exact, Read::Whole, OURS),
    case("Dummy__should_ignore_custom_defined_namespaces", Sent::No, Read::Whole, UNDECLARED),
    case("Dummy__should_ignore_defined_namespaces", Sent::No, Read::Whole, UNDECLARED),
    case(
        "Dummy__should_parse_nil",
        Sent::No,
        Read::Whole,
        "its request has a nil that its schema does not permit, which we refuse to write",
    ),
    case(
        "Dummy__should_preserve_leading_and_trailing_whitespace_when_preserveWhitespace_is_true",
        Sent::Exact,
        Read::Whole,
        OURS,
    ),
    case("Dummy__should_use_defined_value_key", Sent::No, Read::Whole, UNDECLARED),
    case(
        "Dummy__should_use_defined_xml_key_in_first_level_for_rpc",
        Sent::No,
        Read::No,
        "its WSDL is not well-formed: a prefix is not declared",
    ),
    case("Dummy__should_use_empty_tags_when_directed", Sent::Exact, Read::No, OURS),
    case("Dummy__should_work_with_imported_schemas_that_have_aliases", Sent::No, Read::No, TYPES),
    case(
        "GET_ALL_STORE_NUMBERS__should_work_with_more_deeply_nested_XML_messages_and_security",
        Sent::Secured,
        Read::Whole,
        SECURITY,
    ),
    case(
        "GetAccountXml__non_xmlns_attributes_should_be_returned",
        Sent::Exact,
        Read::No,
        "its reply holds any elements, which have no names in the shape",
    ),
    case(
        "GetItemInformation__should_ignore_default_namespace_from_schema",
        Sent::Exact,
        Read::No,
        "its reply leaves out an element of its schema around all others",
    ),
    case(
        "Login__unsupported_response_name_returned_and_local_xs_schema_missed",
        Sent::Content,
        Read::Whole,
        "its request is in another namespace than the WSDL says for the body",
    ),
    case("Message__Messages_suffixed_with_In_Out", Sent::No, Read::Whole, SPELLING),
    case("Message__Messages_suffixed_with_Input_Output", Sent::No, Read::Whole, SPELLING),
    case("Message__Messages_suffixed_with_Request_Response", Sent::No, Read::Whole, SPELLING),
    case("Message__overriding_namespace_prefix", Sent::No, Read::Whole, SPELLING),
    case("RequestHeaders__propogate_basic_security", Sent::Secured, Read::Whole, SECURITY),
    case(
        "RequestHeaders__propogate_basic_security backward compatible check",
        Sent::Secured,
        Read::Whole,
        SECURITY,
    ),
    case("RequestHeaders__propogate_basic_security_invalid_options", Sent::Secured, Read::Whole, SECURITY),
    case("RequestHeaders__propogate_basic_security_no_timestamp", Sent::Secured, Read::Whole, SECURITY),
    case(
        "RequestHeaders__propogate_basic_security_no_token_created",
        Sent::No,
        Read::Whole,
        "its option leaves out when a token was made, which we always say",
    ),
    case(
        "RequestHeaders__propogate_custom_header",
        Sent::No,
        Read::Whole,
        "its option puts a bare text into the header, which SOAP does not permit",
    ),
    case(
        "SendCDATA__cdata_preserves_leading_and_trailing_whitespace_when_preserveWhitespace_option_is_true",
        Sent::Exact,
        Read::Whole,
        OURS,
    ),
    case("UpdateProfile__correct_namespaces_for_elements_with_base", Sent::Content, Read::Whole, ORDER),
    case(
        "UpdateProfile__correct_namespaces_for_elements_with_base_ignorednamespaces",
        Sent::Content,
        Read::Whole,
        "its option puts elements into another namespace than their schema",
    ),
    case("UpdateProfile__correct_ns_context", Sent::Content, Read::Whole, ORDER),
    case(
        "addList__complex_extension_namespace_for_arrays",
        Sent::Content,
        Read::Except(&["type", "type"]),
        "its request names types that are the declared ones, which we do not write; as for `update`",
    ),
    case("addPets__force_namespaces", Sent::No, Read::No, OPTION),
    case("createData__should_generate_complex_type_request", Sent::No, Read::Whole, TYPES),
    case(
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_missing",
        Sent::Exact,
        Read::No,
        ROOT,
    ),
    case(
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_qualified",
        Sent::Exact,
        Read::No,
        ROOT,
    ),
    case(
        "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_unqualified",
        Sent::Exact,
        Read::No,
        ROOT,
    ),
    case(
        "fooOp__should_return_back_good_response_object",
        Sent::Content,
        Read::No,
        "its request has no namespace though its schema declares one; its reply is not well-formed",
    ),
    case(
        "getAppointmentNumber__should_be_able_to_parse_response",
        Sent::Secured,
        Read::No,
        "its request has an empty header; its reply has no envelope",
    ),
    case(
        "getAvailability__should_not_fail_without_children",
        Sent::No,
        Read::No,
        "its request has elements that its WSDL does not declare",
    ),
    case("getMessage__does_not_use_schema_xmlns", Sent::No, Read::Whole, UNDECLARED),
    case("getMessage__force_use_schema_xmlns", Sent::No, Read::Whole, UNDECLARED),
    case("login__attributes_namespace_should_be_configurable", Sent::Exact, Read::Whole, KEYS),
    case(
        "update__complex_extension_fields_in_parent_without_explicit_namespace",
        Sent::Exact,
        Read::Except(&["type"]),
        RECORD,
    ),
];

/// Cases that need a tolerant connection, with the reason.
pub(crate) const TOLERANT: &[(&str, &str)] = &[
    ("Dummy__ref_element_should_have_correct_namespace", TYPES),
    ("Dummy__should_preserve_leading_and_trailing_whitespace_when_preserveWhitespace_is_true", TYPES),
    ("Dummy__should_handle_inline_types", "its reply is qualified, its schema is not"),
    ("Dummy__should_remove_leading_and_trailing_whitespace_by_default", TYPES),
    ("Login__unsupported_response_name_returned_and_local_xs_schema_missed", "as its request"),
    (
        "SendCDATA__cdata_preserves_leading_and_trailing_whitespace_when_preserveWhitespace_option_is_true",
        "the root of its reply has no namespace",
    ),
    (
        "SendCDATA__cdata_removes_leading_and_trailing_whitespace_by_default",
        "the root of its reply has no namespace",
    ),
    ("UpdateProfile__correct_namespaces_for_elements_with_base_ignorednamespaces", "as its request"),
    ("createData__should_generate_complex_type_request", TYPES),
    ("fooOp__should_return_back_good_response_object", "as its request"),
];

/// Cases whose WSDL declares SOAP 1.2 while that client writes the envelope of 1.1: theirs is compared as one of 1.2.
pub(crate) const BOUND_TO_SOAP_12: &[&str] = &[
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_missing",
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_qualified",
    "execFile__valid_xml_generated_on_request_with_complex_type_element_form_default_unqualified",
];
