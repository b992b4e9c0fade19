//! The environment and the connection.
//!
//! **Invariant.** A connection ends before its environment and after its statements; an error at the end is nobody's.

use super::diagnostic::{Diagnostic, check, text_of};
use super::ffi::{self, Handle};
use super::statement::Statement;
use std::marker::PhantomData;
use std::ptr::null_mut;

/// The environment of the driver manager.
#[derive(Debug)]
pub(crate) struct Environment(Handle);

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection<'e> {
    handle: Handle,
    environment: PhantomData<&'e Environment>,
}

impl Environment {
    /// Asks for ODBC 3.80, else for 3.
    pub(crate) fn new() -> Result<Self, Diagnostic> {
        let mut handle = null_mut();
        // SAFETY: an environment has no input handle, and the output is a valid place.
        let code = unsafe { ffi::SQLAllocHandle(ffi::ENVIRONMENT, null_mut(), &raw mut handle) };
        if code != ffi::SUCCESS && code != ffi::SUCCESS_WITH_INFO {
            return Err(Diagnostic::own("HY001", "the driver manager has no environment"));
        }
        let environment = Self(handle);
        let version = |number: usize| {
            // SAFETY: the attribute is an integer that stands in the pointer.
            unsafe { ffi::SQLSetEnvAttr(handle, ffi::ATTR_ODBC_VERSION, number as Handle, 0) }
        };
        if version(380) != ffi::SUCCESS {
            check(version(3), ffi::ENVIRONMENT, handle, "SQLSetEnvAttr")?;
        }
        Ok(environment)
    }

    /// Connects by a connection string.
    pub(crate) fn connect(
        &self,
        text: &str,
        login_seconds: u32,
        read_only: bool,
    ) -> Result<Connection<'_>, Diagnostic> {
        let mut handle = null_mut();
        // SAFETY: the environment is alive and the output is a valid place.
        let code = unsafe { ffi::SQLAllocHandle(ffi::CONNECTION, self.0, &raw mut handle) };
        check(code, ffi::ENVIRONMENT, self.0, "SQLAllocHandle")?;
        let mut pending = Pending(handle);
        let set = |attribute, value: usize| {
            // SAFETY: both attributes are integers that stand in the pointer.
            unsafe { ffi::SQLSetConnectAttrW(handle, attribute, value as Handle, 0) };
        };
        // Drivers that know neither connect all the same.
        if login_seconds > 0 {
            set(ffi::ATTR_LOGIN_TIMEOUT, login_seconds as usize);
        }
        if read_only {
            set(ffi::ATTR_ACCESS_MODE, 1);
        }
        let units: Vec<u16> = text.encode_utf16().collect();
        let length = i16::try_from(units.len()).map_err(|_| {
            Diagnostic::own("HY090", "the connection string is longer than 32,767 characters")
        })?;
        let mut told = 0;
        // SAFETY: the text is as long as said; no output is asked for and no window is shown.
        let code = unsafe {
            ffi::SQLDriverConnectW(
                handle,
                null_mut(),
                units.as_ptr(),
                length,
                null_mut(),
                0,
                &raw mut told,
                0,
            )
        };
        check(code, ffi::CONNECTION, handle, "SQLDriverConnect")?;
        pending.0 = null_mut();
        Ok(Connection { handle, environment: PhantomData })
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and connections borrow it.
        unsafe { ffi::SQLFreeHandle(ffi::ENVIRONMENT, self.0) };
    }
}

/// A connection handle that is freed unless it is taken out.
struct Pending(Handle);

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the handle is ours and not connected.
            unsafe { ffi::SQLFreeHandle(ffi::CONNECTION, self.0) };
        }
    }
}

impl Connection<'_> {
    /// Returns a text of `SQLGetInfo`, empty where the driver has none.
    pub(crate) fn info_text(&self, kind: u16) -> String {
        let mut units = [0_u16; 256];
        let mut told = 0;
        let bytes = std::mem::size_of_val(&units) as i16;
        // SAFETY: the buffer is as long as said, in bytes as the function wants it.
        unsafe { ffi::SQLGetInfoW(self.handle, kind, units.as_mut_ptr().cast(), bytes, &raw mut told) };
        units[255] = 0;
        text_of(&units)
    }

    /// Returns a number of `SQLGetInfo`, zero where the driver has none.
    pub(crate) fn info_number(&self, kind: u16) -> u32 {
        let (mut value, mut told) = (0_u64, 0);
        // SAFETY: a number has two or four bytes, the place has eight.
        unsafe { ffi::SQLGetInfoW(self.handle, kind, (&raw mut value).cast(), 8, &raw mut told) };
        u32::from_le_bytes([value as u8, (value >> 8) as u8, (value >> 16) as u8, (value >> 24) as u8])
    }

    /// Returns whether the driver knows already that the connection is gone; asks nobody.
    pub(crate) fn is_dead(&self) -> bool {
        let (mut value, mut told) = (0_u64, 0);
        // SAFETY: the attribute has four bytes, the place has eight.
        let code = unsafe {
            let place = (&raw mut value).cast();
            ffi::SQLGetConnectAttrW(self.handle, ffi::ATTR_CONNECTION_DEAD, place, 8, &raw mut told)
        };
        code == ffi::SUCCESS && value as u32 == 1
    }

    /// Makes a statement.
    pub(crate) fn statement(&self) -> Result<Statement<'_>, Diagnostic> {
        let mut handle = null_mut();
        // SAFETY: the connection is alive and the output is a valid place.
        let code = unsafe { ffi::SQLAllocHandle(ffi::STATEMENT, self.handle, &raw mut handle) };
        check(code, ffi::CONNECTION, self.handle, "SQLAllocHandle")?;
        Ok(Statement::new(handle))
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and statements borrow it.
        unsafe {
            ffi::SQLDisconnect(self.handle);
            ffi::SQLFreeHandle(ffi::CONNECTION, self.handle);
        }
    }
}
