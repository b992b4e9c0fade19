//! The functions of the driver manager, as `sql.h` and `sqlext.h` declare them.
//!
//! **Invariant.** Only plain integers and pointers cross: a value that a driver invents is never undefined here.
//!
//! Source: ODBC Programmer's Reference, version 3.80, for 64-bit platforms (`SQLLEN` is 8 bytes).

use std::ffi::c_void;

pub(super) type Handle = *mut c_void;
pub(super) type Code = i16;

pub(super) const SUCCESS: Code = 0;
pub(super) const SUCCESS_WITH_INFO: Code = 1;
pub(super) const NO_DATA: Code = 100;

pub(super) const ENVIRONMENT: i16 = 1;
pub(super) const CONNECTION: i16 = 2;
pub(super) const STATEMENT: i16 = 3;

pub(super) const ATTR_ODBC_VERSION: i32 = 200;
pub(super) const ATTR_ACCESS_MODE: i32 = 101;
pub(super) const ATTR_LOGIN_TIMEOUT: i32 = 103;
pub(super) const ATTR_CONNECTION_DEAD: i32 = 1209;

pub(super) const ATTR_QUERY_TIMEOUT: i32 = 0;
pub(super) const ATTR_ROW_STATUS_PTR: i32 = 25;
pub(super) const ATTR_ROWS_FETCHED_PTR: i32 = 26;
pub(super) const ATTR_ROW_ARRAY_SIZE: i32 = 27;

pub(super) const CLOSE: u16 = 0;
pub(super) const UNBIND: u16 = 2;
pub(super) const RESET_PARAMETERS: u16 = 3;

pub(super) const DESC_TYPE_NAME: u16 = 14;
pub(super) const DESC_OCTET_LENGTH: u16 = 1013;

pub(super) const C_CHAR: i16 = 1;
pub(super) const C_WCHAR: i16 = -8;
pub(super) const C_DOUBLE: i16 = 8;
pub(super) const C_BINARY: i16 = -2;
pub(super) const C_SBIGINT: i16 = -25;
pub(super) const C_BIT: i16 = -7;

pub(super) const NULL_DATA: isize = -1;
pub(super) const NO_TOTAL: isize = -4;
pub(super) const ROW_ERROR: u16 = 5;

/// Numbers of `SQLGetInfo`.
pub(crate) mod info {
    /// The file of the driver.
    pub(crate) const DRIVER_NAME: u16 = 6;
    /// Its version.
    pub(crate) const DRIVER_VERSION: u16 = 7;
    /// The database product.
    pub(crate) const PRODUCT: u16 = 17;
    /// Its version.
    pub(crate) const PRODUCT_VERSION: u16 = 18;
    /// How unquoted identifiers are stored: 1 upper case, 2 lower case.
    pub(crate) const IDENTIFIER_CASE: u16 = 28;
    /// What quotes an identifier.
    pub(crate) const IDENTIFIER_QUOTE: u16 = 29;
    /// Whether tables have schemas.
    pub(crate) const SCHEMA_TERM: u16 = 39;
    /// What `SQLGetData` can do beside the minimum, as bits.
    pub(crate) const GETDATA_EXTENSIONS: u16 = 81;
}

#[link(name = "odbc")]
unsafe extern "C" {
    pub(super) fn SQLAllocHandle(kind: i16, input: Handle, output: *mut Handle) -> Code;
    pub(super) fn SQLFreeHandle(kind: i16, handle: Handle) -> Code;
    pub(super) fn SQLSetEnvAttr(handle: Handle, attribute: i32, value: Handle, length: i32) -> Code;
    pub(super) fn SQLSetConnectAttrW(handle: Handle, attribute: i32, value: Handle, length: i32) -> Code;
    pub(super) fn SQLGetConnectAttrW(
        handle: Handle,
        attribute: i32,
        value: Handle,
        length: i32,
        told: *mut i32,
    ) -> Code;
    pub(super) fn SQLDriverConnectW(
        handle: Handle,
        window: Handle,
        text: *const u16,
        text_length: i16,
        out: *mut u16,
        out_length: i16,
        told: *mut i16,
        completion: u16,
    ) -> Code;
    pub(super) fn SQLDisconnect(handle: Handle) -> Code;
    pub(super) fn SQLGetInfoW(handle: Handle, kind: u16, value: Handle, length: i16, told: *mut i16) -> Code;
    pub(super) fn SQLGetDiagRecW(
        kind: i16,
        handle: Handle,
        number: i16,
        state: *mut u16,
        native: *mut i32,
        text: *mut u16,
        text_length: i16,
        told: *mut i16,
    ) -> Code;
    pub(super) fn SQLSetStmtAttrW(handle: Handle, attribute: i32, value: Handle, length: i32) -> Code;
    pub(super) fn SQLExecDirectW(handle: Handle, text: *const u16, length: i32) -> Code;
    pub(super) fn SQLBindParameter(
        handle: Handle,
        number: u16,
        direction: i16,
        c_type: i16,
        sql_type: i16,
        size: usize,
        digits: i16,
        value: Handle,
        length: isize,
        indicator: *mut isize,
    ) -> Code;
    pub(super) fn SQLBindCol(
        handle: Handle,
        number: u16,
        c_type: i16,
        value: Handle,
        length: isize,
        indicator: *mut isize,
    ) -> Code;
    pub(super) fn SQLFetch(handle: Handle) -> Code;
    pub(super) fn SQLGetData(
        handle: Handle,
        number: u16,
        c_type: i16,
        value: Handle,
        length: isize,
        indicator: *mut isize,
    ) -> Code;
    pub(super) fn SQLSetPos(handle: Handle, row: usize, operation: u16, lock: u16) -> Code;
    pub(super) fn SQLNumResultCols(handle: Handle, count: *mut i16) -> Code;
    pub(super) fn SQLDescribeColW(
        handle: Handle,
        number: u16,
        name: *mut u16,
        name_length: i16,
        told: *mut i16,
        sql_type: *mut i16,
        size: *mut usize,
        digits: *mut i16,
        nullable: *mut i16,
    ) -> Code;
    pub(super) fn SQLColAttributeW(
        handle: Handle,
        number: u16,
        field: u16,
        text: Handle,
        text_length: i16,
        told: *mut i16,
        value: *mut isize,
    ) -> Code;
    pub(super) fn SQLRowCount(handle: Handle, rows: *mut isize) -> Code;
    pub(super) fn SQLMoreResults(handle: Handle) -> Code;
    pub(super) fn SQLFreeStmt(handle: Handle, option: u16) -> Code;
    pub(super) fn SQLCancel(handle: Handle) -> Code;
    pub(super) fn SQLTablesW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        table: *const u16,
        table_length: i16,
        kind: *const u16,
        kind_length: i16,
    ) -> Code;
    pub(super) fn SQLColumnsW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        table: *const u16,
        table_length: i16,
        column: *const u16,
        column_length: i16,
    ) -> Code;
    pub(super) fn SQLPrimaryKeysW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        table: *const u16,
        table_length: i16,
    ) -> Code;
    pub(super) fn SQLStatisticsW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        table: *const u16,
        table_length: i16,
        unique: u16,
        reserved: u16,
    ) -> Code;
    pub(super) fn SQLProceduresW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        procedure: *const u16,
        procedure_length: i16,
    ) -> Code;
    pub(super) fn SQLProcedureColumnsW(
        handle: Handle,
        catalog: *const u16,
        catalog_length: i16,
        schema: *const u16,
        schema_length: i16,
        procedure: *const u16,
        procedure_length: i16,
        column: *const u16,
        column_length: i16,
    ) -> Code;
}
