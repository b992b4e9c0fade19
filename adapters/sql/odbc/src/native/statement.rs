//! A statement with the memory that is bound to it.
//!
//! **Invariant.** Bound memory belongs to the statement and is freed after the handle; a handle that can be cancelled
//! from another thread is alive while it can be.

use super::cells::{Cells, Form};
use super::diagnostic::{Diagnostic, check, read, text_of};
use super::ffi::{self, Handle};
use super::slot::Slot;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

/// A statement.
#[derive(Debug)]
pub(crate) struct Statement<'c> {
    handle: Handle,
    parameters: Vec<Slot>,
    columns: Vec<Cells>,
    fetched: Box<usize>,
    statuses: Vec<u16>,
    connection: PhantomData<&'c ()>,
}

/// What a driver says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    /// Its name.
    pub(crate) name: String,
    /// Its SQL type.
    pub(crate) sql_type: i16,
    /// The name of its type.
    pub(crate) type_name: String,
    /// Characters or digits; zero where it is not known.
    pub(crate) size: usize,
    /// Bytes; zero where it is not known.
    pub(crate) octets: usize,
    /// Decimals.
    pub(crate) digits: i16,
    /// It may be NULL.
    pub(crate) nullable: bool,
}

/// A question to the catalog. An empty text asks for what has none; `None` asks for all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listing<'a> {
    /// All tables of these catalogs and schemas, which are patterns.
    Tables(Option<&'a str>, Option<&'a str>),
    /// Columns of a table.
    Columns(Option<&'a str>, Option<&'a str>, &'a str),
    /// The primary key of a table.
    Keys(Option<&'a str>, Option<&'a str>, &'a str),
    /// The indexes of a table.
    Indexes(Option<&'a str>, Option<&'a str>, &'a str),
    /// All catalogs.
    Catalogs,
    /// All procedures of this catalog and of schemas that match a pattern.
    Procedures(Option<&'a str>, Option<&'a str>),
    /// The parameters of a procedure.
    Parameters(Option<&'a str>, Option<&'a str>, &'a str),
}

/// The statement that runs now; a worker runs one at a time.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

struct Running(Handle);

// SAFETY: "SQLCancel can be called from a different thread than the one running the function to be canceled"
// (SQLCancel, "Canceling Functions Executing on Another Thread"); nothing else is done with this copy.
unsafe impl Send for Running {}

/// Cancels the statement that runs now, if there is one.
pub(crate) fn cancel() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = &*running {
        // SAFETY: the handle is taken out under the same lock before it is freed.
        unsafe { ffi::SQLCancel(running.0) };
    }
}

impl Statement<'_> {
    pub(super) fn new(handle: Handle) -> Self {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        *running = Some(Running(handle));
        Self {
            handle,
            parameters: Vec::new(),
            columns: Vec::new(),
            fetched: Box::new(0),
            statuses: Vec::new(),
            connection: PhantomData,
        }
    }

    fn check(&self, code: ffi::Code, call: &'static str) -> Result<(), Diagnostic> {
        check(code, ffi::STATEMENT, self.handle, call)
    }

    fn attribute(&self, attribute: i32, value: Handle) -> ffi::Code {
        // SAFETY: the attributes used here are integers or places that the statement keeps.
        unsafe { ffi::SQLSetStmtAttrW(self.handle, attribute, value, 0) }
    }

    /// Asks the driver to end the statement after so long; many do not know how.
    pub(crate) fn limit_seconds(&self, seconds: u32) {
        self.attribute(ffi::ATTR_QUERY_TIMEOUT, seconds as usize as Handle);
    }

    /// Executes a statement with its parameters, which it keeps.
    pub(crate) fn execute(&mut self, sql: &str, parameters: Vec<Slot>) -> Result<(), Diagnostic> {
        self.parameters = parameters;
        let handle = self.handle;
        for (number, slot) in (1..).zip(&mut self.parameters) {
            // SAFETY: the slot is kept until the handle is freed or its parameters are reset.
            let code = unsafe { slot.bind(handle, number) };
            check(code, ffi::STATEMENT, handle, "SQLBindParameter")?;
        }
        let units: Vec<u16> = sql.encode_utf16().collect();
        let length =
            i32::try_from(units.len()).map_err(|_| Diagnostic::own("HY090", "the statement is too long"))?;
        // SAFETY: the text is as long as said.
        let code = unsafe { ffi::SQLExecDirectW(handle, units.as_ptr(), length) };
        self.check(code, "SQLExecDirect")
    }

    /// Makes it ready to be executed again.
    pub(crate) fn reset(&mut self) {
        self.unbind();
        // SAFETY: the handle is ours. What was bound is dropped afterwards.
        unsafe {
            ffi::SQLFreeStmt(self.handle, ffi::CLOSE);
            ffi::SQLFreeStmt(self.handle, ffi::RESET_PARAMETERS);
        }
        self.parameters.clear();
    }

    /// Returns the parameters.
    pub(crate) fn parameters(&self) -> &[Slot] {
        &self.parameters
    }

    /// Asks the catalog; the answer is a result like any other.
    pub(crate) fn list(&mut self, listing: Listing<'_>) -> Result<(), Diagnostic> {
        let text = |text: Option<&str>| text.map(|text| text.encode_utf16().collect::<Vec<u16>>());
        let parts = |text: &Option<Vec<u16>>| match text {
            Some(units) => (units.as_ptr(), i16::try_from(units.len()).unwrap_or(i16::MAX)),
            None => (std::ptr::null(), 0),
        };
        let (all, one) = (text(Some("%")), text(Some("TABLE,VIEW")));
        let ((all, all_n), (kinds, kinds_n)) = (parts(&all), parts(&one));
        let h = self.handle;
        let (a, b, c) = match listing {
            Listing::Tables(a, b) | Listing::Procedures(a, b) => (a, b, "%"),
            Listing::Catalogs => (Some("%"), Some(""), ""),
            Listing::Columns(a, b, c)
            | Listing::Keys(a, b, c)
            | Listing::Indexes(a, b, c)
            | Listing::Parameters(a, b, c) => (a, b, c),
        };
        let (a, b, c) = (text(a), text(b), text(Some(c)));
        let ((a, an), (b, bn), (c, cn)) = (parts(&a), parts(&b), parts(&c));
        // psqlODBC takes no pattern for the names of parameters.
        let none = std::ptr::null();
        // SAFETY: every text is alive and as long as said.
        let code = unsafe {
            match listing {
                Listing::Tables(..) => ffi::SQLTablesW(h, a, an, b, bn, c, cn, kinds, kinds_n),
                Listing::Catalogs => ffi::SQLTablesW(h, a, an, b, bn, c, cn, none, 0),
                Listing::Columns(..) => ffi::SQLColumnsW(h, a, an, b, bn, c, cn, all, all_n),
                Listing::Keys(..) => ffi::SQLPrimaryKeysW(h, a, an, b, bn, c, cn),
                Listing::Indexes(..) => ffi::SQLStatisticsW(h, a, an, b, bn, c, cn, 1, 0),
                Listing::Procedures(..) => ffi::SQLProceduresW(h, a, an, b, bn, c, cn),
                Listing::Parameters(..) => ffi::SQLProcedureColumnsW(h, a, an, b, bn, c, cn, none, 0),
            }
        };
        self.check(code, "the catalog")
    }

    /// Returns how many columns the result has; zero if there is none.
    pub(crate) fn width(&self) -> Result<u16, Diagnostic> {
        let mut count = 0;
        // SAFETY: the place is valid.
        let code = unsafe { ffi::SQLNumResultCols(self.handle, &raw mut count) };
        self.check(code, "SQLNumResultCols")?;
        Ok(u16::try_from(count).unwrap_or(0))
    }

    /// Describes a column, counted from one.
    pub(crate) fn describe(&self, number: u16) -> Result<Described, Diagnostic> {
        let mut name = [0_u16; 512];
        let (mut told, mut sql_type, mut size, mut digits, mut nullable) = (0, 0, 0, 0, 0);
        // SAFETY: the buffer is as long as said and the places are valid.
        let code = unsafe {
            ffi::SQLDescribeColW(
                self.handle,
                number,
                name.as_mut_ptr(),
                512,
                &raw mut told,
                &raw mut sql_type,
                &raw mut size,
                &raw mut digits,
                &raw mut nullable,
            )
        };
        self.check(code, "SQLDescribeCol")?;
        let (mut type_name, mut octets) = ([0_u16; 128], 0_isize);
        // SAFETY: the buffer is as long as said, in bytes as the function wants it. Who knows neither leaves them.
        unsafe {
            let text: Handle = type_name.as_mut_ptr().cast();
            ffi::SQLColAttributeW(
                self.handle,
                number,
                ffi::DESC_TYPE_NAME,
                text,
                254,
                &raw mut told,
                null_mut(),
            );
            let place = &raw mut octets;
            ffi::SQLColAttributeW(
                self.handle,
                number,
                ffi::DESC_OCTET_LENGTH,
                null_mut(),
                0,
                &raw mut told,
                place,
            );
        }
        let octets = usize::try_from(octets).unwrap_or(0);
        let (name, type_name) = (text_of(&name), text_of(&type_name));
        Ok(Described { name, sql_type, type_name, size, octets, digits, nullable: nullable != 0 })
    }

    /// Binds the columns of the result for blocks of `rows`, and keeps them.
    pub(crate) fn bind(&mut self, columns: Vec<Cells>, rows: usize) -> Result<(), Diagnostic> {
        self.unbind();
        self.columns = columns;
        self.statuses = vec![0; rows];
        let fetched: Handle = (&raw mut *self.fetched).cast();
        let statuses: Handle = self.statuses.as_mut_ptr().cast();
        let code = self.attribute(ffi::ATTR_ROW_ARRAY_SIZE, rows as Handle);
        self.check(code, "SQLSetStmtAttr")?;
        let code = self.attribute(ffi::ATTR_ROWS_FETCHED_PTR, fetched);
        self.check(code, "SQLSetStmtAttr")?;
        let code = self.attribute(ffi::ATTR_ROW_STATUS_PTR, statuses);
        self.check(code, "SQLSetStmtAttr")?;
        for (number, cells) in (1..).zip(&mut self.columns) {
            let c_type = cells.form().c_type();
            let (place, width, indicators) = cells.place();
            // SAFETY: the memory has a place of `width` bytes and an indicator for each row, and is kept.
            let code = unsafe { ffi::SQLBindCol(self.handle, number, c_type, place, width, indicators) };
            check(code, ffi::STATEMENT, self.handle, "SQLBindCol")?;
        }
        Ok(())
    }

    fn unbind(&mut self) {
        // SAFETY: the handle is ours. The memory is dropped afterwards.
        unsafe { ffi::SQLFreeStmt(self.handle, ffi::UNBIND) };
        self.attribute(ffi::ATTR_ROW_STATUS_PTR, null_mut());
        self.attribute(ffi::ATTR_ROWS_FETCHED_PTR, null_mut());
        self.attribute(ffi::ATTR_ROW_ARRAY_SIZE, 1_usize as Handle);
        self.columns.clear();
    }

    /// Fetches the next block and returns how many rows it has; zero at the end.
    pub(crate) fn fetch(&mut self) -> Result<usize, Diagnostic> {
        *self.fetched = 0;
        self.columns.iter_mut().for_each(Cells::forget);
        // SAFETY: everything bound is alive and as long as said.
        let code = unsafe { ffi::SQLFetch(self.handle) };
        self.check(code, "SQLFetch")?;
        if code == ffi::NO_DATA {
            return Ok(0);
        }
        let rows = (*self.fetched).min(self.statuses.len());
        if code == ffi::SUCCESS_WITH_INFO && self.statuses[..rows].contains(&ffi::ROW_ERROR) {
            return Err(read(ffi::STATEMENT, self.handle, "SQLFetch"));
        }
        Ok(rows)
    }

    /// Fetches the next row of a result to which nothing is bound; `false` at the end.
    pub(crate) fn step(&mut self) -> Result<bool, Diagnostic> {
        // SAFETY: nothing is bound.
        let code = unsafe { ffi::SQLFetch(self.handle) };
        self.check(code, "SQLFetch")?;
        Ok(code != ffi::NO_DATA)
    }

    /// Returns the bound columns.
    pub(crate) fn columns(&self) -> &[Cells] {
        &self.columns
    }

    /// Makes a row of the block the current one, for [`Statement::read`].
    pub(crate) fn position(&self, row: usize) -> Result<(), Diagnostic> {
        // SAFETY: SQL_POSITION touches no memory.
        let code = unsafe { ffi::SQLSetPos(self.handle, row + 1, 0, 0) };
        self.check(code, "SQLSetPos")
    }

    /// Reads a cell of the current row in pieces into `out`; `false` if it is NULL.
    ///
    /// # Errors
    /// SQLSTATE 54000 if it has more than `bytes_max`.
    pub(crate) fn read(
        &self,
        number: u16,
        form: Form,
        out: &mut Vec<u8>,
        bytes_max: usize,
    ) -> Result<bool, Diagnostic> {
        const PIECE: usize = 16 << 10;
        out.clear();
        loop {
            let begin = out.len();
            out.resize(begin + PIECE, 0);
            let mut indicator = ffi::NULL_DATA;
            let place: Handle = out[begin..].as_mut_ptr().cast();
            let (c_type, length) = (form.c_type(), PIECE as isize);
            // SAFETY: the place has PIECE bytes. The vector is aligned for UTF-16, since the allocator aligns to 8 and
            // pieces have an even length.
            let code =
                unsafe { ffi::SQLGetData(self.handle, number, c_type, place, length, &raw mut indicator) };
            self.check(code, "SQLGetData")?;
            if code == ffi::NO_DATA || indicator == ffi::NULL_DATA {
                out.truncate(begin);
                return Ok(code == ffi::NO_DATA);
            }
            let room = PIECE - form.terminator();
            let whole = usize::try_from(indicator).ok().filter(|length| *length <= room);
            out.truncate(begin + whole.unwrap_or(room));
            if out.len() > bytes_max {
                let message = format!("a value has more than {bytes_max} bytes");
                return Err(Diagnostic::own("54000", message));
            }
            if whole.is_some() {
                return Ok(true);
            }
        }
    }

    /// Returns how many rows were changed, where the driver knows.
    pub(crate) fn affected(&self) -> Option<u64> {
        let mut rows = -1;
        // SAFETY: the place is valid.
        let code = unsafe { ffi::SQLRowCount(self.handle, &raw mut rows) };
        (code == ffi::SUCCESS).then_some(())?;
        u64::try_from(rows).ok()
    }

    /// Goes to the next result; `false` if there is none.
    pub(crate) fn more(&mut self) -> Result<bool, Diagnostic> {
        self.unbind();
        // SAFETY: the handle is ours; bound parameters are alive and may be filled now.
        let code = unsafe { ffi::SQLMoreResults(self.handle) };
        self.check(code, "SQLMoreResults")?;
        Ok(code != ffi::NO_DATA)
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if running.as_ref().is_some_and(|running| running.0 == self.handle) {
            *running = None;
        }
        drop(running);
        // SAFETY: the handle is ours; what was bound is dropped after this.
        unsafe { ffi::SQLFreeHandle(ffi::STATEMENT, self.handle) };
    }
}
