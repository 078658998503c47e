//! Bytes one after another in chunks, let go from the front a chunk at a time. Knows no lines.

use std::collections::VecDeque;

/// Where some bytes begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// The number of the chunk; numbers are never given twice.
    pub(crate) chunk: u32,
    pub(crate) at: u32,
}

/// A ring of chunks. Nothing that was put in moves until it is let go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    chunks: VecDeque<Vec<u8>>,
    /// The number of the front chunk.
    first: u32,
    /// The last chunk that was let go, to be filled anew: a full log lets one go for each that it
    /// begins.
    spare: Option<Vec<u8>>,
}

impl Ring {
    /// Puts `parts` in, one behind the other, and gives where they begin.
    pub(crate) fn append(&mut self, parts: [&[u8]; 2]) -> Address {
        let length = parts[0].len() + parts[1].len();
        let has_room =
            self.chunks.back().is_some_and(|chunk| chunk.capacity() - chunk.len() >= length);
        if !has_room {
            let chunk = self.spare.take().filter(|spare| spare.capacity() >= length);
            self.chunks
                .push_back(chunk.unwrap_or_else(|| Vec::with_capacity(length.max(CHUNK_BYTES))));
        }
        let number = self.first.wrapping_add(self.chunks.len() as u32 - 1);
        let Some(chunk) = self.chunks.back_mut() else { return Address::default() };
        let at = chunk.len() as u32;
        parts.iter().for_each(|part| chunk.extend_from_slice(part));
        Address { chunk: number, at }
    }

    /// The `length` bytes at `place`; none when they were let go.
    pub(crate) fn bytes(&self, place: Address, length: usize) -> &[u8] {
        let index = place.chunk.wrapping_sub(self.first) as usize;
        let start = place.at as usize;
        self.chunks
            .get(index)
            .and_then(|chunk| chunk.get(start..start + length))
            .unwrap_or_default()
    }

    /// Lets go of every chunk before that of `oldest`.
    pub(crate) fn release_before(&mut self, oldest: Address) {
        while self.first != oldest.chunk && self.chunks.len() > 1 {
            self.release_front();
        }
    }

    /// Lets go of all.
    pub(crate) fn clear(&mut self) {
        while !self.chunks.is_empty() {
            self.release_front();
        }
    }

    fn release_front(&mut self) {
        self.first = self.first.wrapping_add(1);
        // A chunk of unusual size, for one huge line, is not worth keeping.
        if let Some(mut chunk) =
            self.chunks.pop_front().filter(|chunk| chunk.capacity() == CHUNK_BYTES)
        {
            chunk.clear();
            self.spare = Some(chunk);
        }
    }
}

/// Large enough that few are begun, small enough that one half full costs little.
const CHUNK_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_put_in_until_it_is_let_go() {
        let mut ring = Ring::default();
        let line = vec![b'x'; 1_000];
        let places: Vec<_> = (0..1_000).map(|_| ring.append([b"id", &line])).collect();
        assert!(places.iter().all(|place| ring.bytes(*place, 1_002).starts_with(b"idx")));
        ring.release_before(places[999]);
        assert_eq!(
            (ring.bytes(places[0], 1_002), ring.bytes(places[999], 1_002).len(), ring.chunks.len()),
            (&[][..], 1_002, 1)
        );
    }

    #[test]
    fn a_huge_line_has_a_chunk_of_its_own() {
        let mut ring = Ring::default();
        let huge = vec![b'y'; 3 * CHUNK_BYTES];
        let (small, large) = (ring.append([b"", b"small"]), ring.append([b"", &huge]));
        assert_eq!(
            (ring.bytes(small, 5), ring.bytes(large, huge.len()).len()),
            (&b"small"[..], huge.len())
        );
    }

    #[test]
    fn a_full_log_begins_no_new_memory() {
        let mut ring = Ring::default();
        let line = vec![b'x'; CHUNK_BYTES / 2];
        for _ in 0..20 {
            let place = ring.append([b"", &line]);
            ring.release_before(place);
            assert!(ring.chunks.len() <= 2);
        }
        assert!(ring.spare.is_some());
    }
}
