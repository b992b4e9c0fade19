//! The source port: records in, in units that have a beginning and mostly an end, in batches that want settling.
//!
//! **Invariant.** A unit that is read twice gives the same records or an error; nothing is settled but by a token, and a
//! token is had only by taking the batch.

use crate::BoxFuture;
use bytes::Bytes;
use kernel::{DecodeError, Error, PartId, Progress, Sheet, Slot, Taker, Visitor};
use std::fmt::Debug;
use std::sync::Arc;

/// Something whose records come by themselves: a folder of files.
pub trait Source: Send + Sync + Debug + 'static {
    /// Lists the units that are there, in the order in which they are to be read.
    ///
    /// # Errors
    /// They cannot be listed; nothing may be concluded from that.
    fn list(&self) -> BoxFuture<'_, Result<Listing, Error>>;

    /// Opens a unit that is ready.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    fn open<'a>(&'a self, unit: &'a UnitRef) -> BoxFuture<'a, Result<Box<dyn Unit>, Error>>;

    /// Waits until there may be something that was not there at the last listing.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    fn wait(&self) -> BoxFuture<'_, ()>;

    /// Returns a unit of bytes that are at hand, as tests have them. It is read like any other, and ends without effect.
    ///
    /// # Errors
    /// In words: it is no unit at all, such as a compressed file that is damaged.
    fn sample(&self, name: &str, bytes: Bytes) -> Result<Box<dyn Unit>, String>;

    /// Returns the one record of a dead letter, to be read again.
    ///
    /// # Errors
    /// In words: what stands beside it cannot be used.
    fn letter(&self, raw: &RawRecord) -> Result<Box<dyn Records>, String>;

    /// Returns the fields of the record of a dead letter, for people who repair it; none where nobody can tell them.
    fn fields(&self, raw: &RawRecord) -> Vec<SeenField> {
        let _ = raw;
        Vec::new()
    }
}

/// What there is to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Units that are ready, in order.
    pub ready: Vec<UnitRef>,
    /// Names of those that are not, and why: `its size still changes`.
    pub waiting: Vec<(Arc<str>, String)>,
}

/// A unit that can be opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitRef {
    /// Its name, for people: the path of a file below the folder of the connection.
    pub name: Arc<str>,
    /// What changes when it is replaced or written to: size and time of a file. The same name with another stamp is worth
    /// another try.
    pub stamp: Arc<str>,
}

/// One unit that is being read: a file.
pub trait Unit: Send + Debug {
    /// Its name, as `$file` has it.
    fn name(&self) -> &Arc<str>;

    /// Reads all of it without giving records, so that its identity is known, and begins again.
    ///
    /// # Errors
    /// It cannot be read, or it changed meanwhile.
    fn examine(&mut self) -> BoxFuture<'_, Result<Identity, Error>>;

    /// Says that it is read once only, from its beginning, and that nobody asks for its identity.
    ///
    /// What takes time for these alone may be left out from here on.
    fn once(&mut self) {}

    /// Returns what its content is known by: the same content, the same identity, whatever its name. Known after its end
    /// was reached once, by [`Unit::examine`] or by taking its batches.
    fn identity(&self) -> Option<Identity>;

    /// Reads the next batch; nothing at the end. It may take its time, so it is called on a thread that may wait: whoever
    /// reads a batch can decode it there, without handing it to another thread.
    ///
    /// # Errors
    /// It cannot be read, or its content is another one than in the pass before: nothing of that content was given.
    fn batch(&mut self) -> Result<Option<Batch>, Error>;

    /// Begins again, at the position of a token of an earlier pass, be it of an earlier process; [`Position::START`] is the
    /// beginning. What stands beside the records there is known again too.
    ///
    /// # Errors
    /// It cannot be read, or has no such position.
    fn rewind(&mut self, to: Position) -> BoxFuture<'_, Result<(), Error>>;

    /// Tells what stands beside a record of this type at the place that is reached, and nothing else: at the end, the
    /// latest trailer.
    ///
    /// # Errors
    /// As for [`Records::tell`].
    fn beside(&mut self, part: PartId, to: &mut dyn Visitor) -> Result<Progress, DecodeError>;

    /// How many bytes it has, where that is known, before decompression.
    fn bytes(&self) -> Option<u64>;

    /// How many of these were read in this pass.
    fn bytes_read(&self) -> u64;

    /// Ends it, and does what the mapping says shall happen then.
    ///
    /// # Errors
    /// That could not be done. The unit is settled all the same, and known by its identity when it comes again.
    fn end(self: Box<Self>, how: UnitEnd) -> BoxFuture<'static, Result<(), Error>>;
}

/// A hash of a unit's content.
pub type Identity = [u8; 32];

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitEnd {
    /// All its records are settled.
    Settled,
    /// Its content was settled before, under this name or another.
    Duplicate,
    /// It is refused as a whole, and stays where people find it.
    Refused,
    /// It is left for later.
    Left,
}

/// Records that were read at once.
#[derive(Debug)]
pub struct Batch {
    /// The records. Any thread may decode them.
    pub records: Box<dyn Records>,
    /// To be consumed once the events of all these records are durable.
    pub token: Token,
}

/// The right to say that everything up to a position is settled.
#[derive(Debug)]
pub struct Token(Position);

/// How far a unit was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Records before it, of any type.
    pub records: u64,
    /// Bytes before it, after decompression.
    pub bytes: u64,
}

/// The records of a batch, one after the other.
pub trait Records: Send + Debug {
    /// Moves on to the next record; nothing at the end.
    fn next(&mut self) -> Option<Framed>;

    /// Tells the parts of the record that was moved to: first those beside it, then its own. It can be told again.
    ///
    /// # Errors
    /// It is not what its type says; [`DecodeError::offset`] counts from the beginning of the unit.
    fn tell(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError>;

    /// Makes ready to take these leaves of records of a type, in this order, and returns the number of the excerpt; nothing
    /// where they have to be told, since their places depend on the record.
    fn excerpt(&mut self, part: PartId, slots: &[Slot]) -> Option<usize> {
        let _ = (part, slots);
        None
    }

    /// Writes an excerpt of the record that was moved to.
    ///
    /// `false`: the record has to be told, and what was written is of no use.
    fn take(&mut self, excerpt: usize, to: &mut dyn Taker, sheet: &mut Sheet) -> bool {
        let _ = (excerpt, to, sheet);
        false
    }

    /// Copies the record that was moved to, with all that is needed to read it on its own.
    fn raw(&self) -> RawRecord;
}

/// Where a record stands, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// Its number in its unit, from 1; records of all types are counted.
    pub number: u64,
    /// Where its first byte stands in its unit, after decompression and behind its length field.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u32,
    /// Its record type, or why it has none.
    pub part: Result<PartId, DecodeError>,
}

/// A record as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawRecord {
    /// Its bytes, without those that frame it.
    pub bytes: Bytes,
    /// The bytes of the records that stand beside it, by the names of their types.
    pub beside: Vec<(Arc<str>, Bytes)>,
    /// The name of its unit.
    pub unit: Arc<str>,
    /// Its number there.
    pub number: u64,
    /// Where it stands there.
    pub offset: u64,
}

/// A field of a record, as people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenField {
    /// Its path: `TRX-SPLIT[2]/SPL-AMOUNT`.
    pub path: String,
    /// Its value as text, or why it has none; nothing where it is absent.
    pub value: Option<Result<String, String>>,
    /// Where it begins in the unit, if that is known.
    pub offset: Option<u64>,
    /// Its bytes, where they are known.
    pub hex: String,
}

impl Position {
    /// The beginning.
    pub const START: Self = Self { records: 0, bytes: 0 };
}

impl Token {
    /// Returns the token of a batch that ends at a position. Only who reads a unit has a reason to call it.
    pub fn new(after: Position) -> Self {
        Self(after)
    }

    /// Looks at the position without settling anything.
    pub fn position(&self) -> Position {
        self.0
    }

    /// Consumes the token: everything before the position is durable.
    pub fn settle(self) -> Position {
        self.0
    }
}
