//! Packed content: what comes out, and what is refused.

use super::*;
use bytes::{Bytes, BytesMut};
use flate2::Compression as Level;
use flate2::write::{DeflateEncoder, GzEncoder};
use std::io::Write;

const BOUNDS: Bounds = Bounds { bytes: 1 << 30, ratio: 1000 };

fn text(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| b"0123456789 abcdefghij\n"[n * n % 22]).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}

/// A zip archive of these files, deflated if `deflate`.
fn zip(files: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    let (mut out, mut listed) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let packed = match deflate {
            true => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Level::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            false => bytes.to_vec(),
        };
        let at = out.len() as u32;
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, if deflate { 8 } else { 0 }, 0, 0, 0, 0, 0]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((bytes.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
        listed.extend(b"PK\x01\x02\x14\x00");
        listed.extend(&common);
        listed.extend([0; 10]);
        listed.extend(at.to_le_bytes());
        listed.extend(name.as_bytes());
    }
    let (start, count) = (out.len() as u32, files.len() as u16);
    out.extend(&listed);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((listed.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn open(bytes: &[u8], compression: Compression, bounds: Bounds) -> Result<Content, Trouble> {
    let blocks = Blocks::new(Origin::Memory(Bytes::copy_from_slice(bytes)));
    Content::open(blocks, compression, bounds)
}

/// Reads all files of content, twice.
fn unpack(bytes: &[u8], bounds: Bounds) -> Result<Vec<Vec<u8>>, String> {
    let mut content = open(bytes, Compression::Auto, bounds).map_err(|why| why.to_string())?;
    let mut pass = || -> Result<Vec<Vec<u8>>, Trouble> {
        content.restart()?;
        let mut files = Vec::new();
        loop {
            let mut file = BytesMut::new();
            while content.read(&mut file)? > 0 {}
            files.push(file.to_vec());
            if !content.advance()? {
                return Ok(files);
            }
        }
    };
    let first = pass().map_err(|why| why.to_string())?;
    assert_eq!(pass().unwrap(), first);
    assert!(content.blocks().unwrap().identity().is_some());
    Ok(first)
}

#[test]
fn packed_files_hold_what_was_packed() {
    let large = text(700_000);
    let check = |packed: &[u8], files: &[&[u8]]| {
        assert!(unpack(packed, BOUNDS).unwrap() == files, "{} bytes", packed.len());
    };
    for content in [&b""[..], b"one line\n", &large] {
        check(content, &[content]);
        check(&gzip(content), &[content]);
        check(&zstd(content), &[content]);
        check(&zip(&[("a", content)], true), &[content]);
        check(&zip(&[("a", content), ("dir/b", b"two")], false), &[content, b"two"]);
    }
    check(&[gzip(b"one"), gzip(b"two")].concat(), &[b"onetwo"]);
    check(&[zstd(b"one"), zstd(b"two")].concat(), &[b"onetwo"]);
}

#[test]
fn damaged_archives_are_refused_and_say_why() {
    let check = |bytes: &[u8], part: &str| {
        let error = unpack(bytes, BOUNDS).unwrap_err();
        assert!(error.contains(part), "{part}: {error}");
    };
    let content = text(400_000);
    let (gz, zst) = (gzip(&content), zstd(&content));
    let archive = zip(&[("a", &content), ("b", b"two")], true);
    check(&gz[..gz.len() - 9], "ends before it is complete");
    check(&zst[..zst.len() - 9], "ends before it is complete");
    check(&archive[..archive.len() - 30], "no directory at its end");
    let mut wrong = gz.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    check(&wrong, "cannot be unpacked");
    let stored = zip(&[("a", b"hello")], false);
    let place = memchr::memmem::find(&stored, b"hello").unwrap();
    let mut wrong = stored.clone();
    wrong[place] ^= 1;
    check(&wrong, "another checksum");
    let listed = memchr::memmem::find(&stored, b"PK\x01\x02").unwrap();
    let mut wrong = stored.clone();
    wrong[listed + 8] |= 1;
    check(&wrong, "is encrypted");
    let mut wrong = stored.clone();
    wrong[listed + 10] = 12;
    check(&wrong, "packed by method 12");
    let mut wrong = stored;
    wrong[30] = b'x';
    check(&wrong, "not where its directory says");
}

#[test]
fn what_unpacks_to_too_much_is_stopped_early() {
    let zeros = vec![0; 80 << 20];
    let packed = gzip(&zeros);
    let small = Bounds { bytes: 1 << 20, ratio: 1000 };
    assert!(unpack(&packed, small).unwrap_err().contains("`limits.content` of 1048576 bytes"));
    let steep = Bounds { bytes: 1 << 30, ratio: 100 };
    assert!(unpack(&packed, steep).unwrap_err().contains("`limits.ratio` of 100 times"));
    assert!(unpack(&packed, BOUNDS).is_ok());
}

#[test]
fn what_is_not_packed_as_is_said_is_refused() {
    let error = |compression| {
        let mut content = match open(b"plain text", compression, BOUNDS) {
            Ok(content) => content,
            Err(why) => return why.to_string(),
        };
        content.read(&mut BytesMut::new()).unwrap_err().to_string()
    };
    assert!(error(Compression::Gzip).contains("cannot be unpacked"));
    assert!(error(Compression::Zstd).contains("cannot be unpacked"));
    assert!(error(Compression::Zip).contains("no directory at its end"));
}

#[test]
fn damaged_archives_never_panic_or_hang() {
    let content = text(3000);
    let mut seed = 7_u32;
    for good in [gzip(&content), zstd(&content), zip(&[("a", &content), ("b", b"two")], true)] {
        for _ in 0..500 {
            let mut bytes = good.clone();
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = seed as usize % bytes.len();
            bytes[at] ^= 1 << (seed >> 29);
            let begin = std::time::Instant::now();
            let _ = unpack(&bytes, BOUNDS);
            assert!(begin.elapsed().as_secs() < 1);
        }
    }
}
