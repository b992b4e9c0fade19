//! The checksum of records: CRC-32C.
//!
//! **Invariant.** It depends on nothing but the bytes and the seed.

/// The Castagnoli polynomial, bits reversed. Source: RFC 3720, section 12.1.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Eight tables, so that eight bytes go in one step.
const TABLES: [[u32; 256]; 8] = tables();

/// Returns the checksum of bytes, begun with a seed; 0 gives CRC-32C as others compute it.
pub(crate) fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = !seed;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("the chunk has eight bytes")) ^ u64::from(crc);
        crc = word
            .to_le_bytes()
            .into_iter()
            .zip(TABLES.iter().rev())
            .fold(0, |crc, (byte, table)| crc ^ table[usize::from(byte)]);
    }
    for &byte in chunks.remainder() {
        crc = crc >> 8 ^ TABLES[0][usize::from(crc.to_le_bytes()[0] ^ byte)];
    }
    !crc
}

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut n = 1;
    while n < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[n - 1][byte];
            tables[n][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        n += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        let check = |bytes: &[u8], expected| assert_eq!(crc32c(0, bytes), expected);
        // Source: RFC 3720, appendix B.4.
        check(&[0; 32], 0x8a91_36aa);
        check(&[0xff; 32], 0x62a8_ab43);
        check(&(0..32).collect::<Vec<u8>>(), 0x46dd_794e);
        check(b"123456789", 0xe306_9283);
        check(b"", 0);
    }

    #[test]
    fn a_seed_makes_another_checksum_and_pieces_chain() {
        assert_ne!(crc32c(1, b"abc"), crc32c(0, b"abc"));
        assert_eq!(crc32c(crc32c(0, b"1234"), b"56789"), crc32c(0, b"123456789"));
    }
}
