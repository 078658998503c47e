//! A byte log in chunks, released from the front one chunk at a time. Knows nothing of lines.

use std::collections::VecDeque;

/// The position of the first byte of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// The number of the chunk. Numbers are never reused.
    pub(crate) chunk: u32,
    pub(crate) offset: u32,
}

/// A ring of chunks. Bytes do not move until they are released.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    chunks: VecDeque<Vec<u8>>,
    /// The number of the first chunk.
    first: u32,
    /// The last released chunk, kept for reuse: a full log releases one for each one it starts.
    spare: Option<Vec<u8>>,
}

impl Ring {
    /// Appends `parts` as one contiguous run of bytes, and returns its address.
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
        let offset = chunk.len() as u32;
        parts.iter().for_each(|part| chunk.extend_from_slice(part));
        Address { chunk: number, offset }
    }

    /// Returns the number of the next chunk that is added at the front.
    #[cfg(feature = "view")]
    pub(crate) fn front_number(&self) -> u32 {
        self.first.wrapping_sub(1)
    }

    /// Adds a chunk at the front, before all others.
    #[cfg(feature = "view")]
    pub(crate) fn push_front(&mut self, chunk: Vec<u8>) {
        self.first = self.front_number();
        self.chunks.push_front(chunk);
    }

    /// Returns the `length` bytes at `address`, or an empty slice if they were released.
    pub(crate) fn bytes(&self, address: Address, length: usize) -> &[u8] {
        let index = address.chunk.wrapping_sub(self.first) as usize;
        let start = address.offset as usize;
        self.chunks
            .get(index)
            .and_then(|chunk| chunk.get(start..start + length))
            .unwrap_or_default()
    }

    /// Releases every chunk before that of `oldest`.
    pub(crate) fn release_before(&mut self, oldest: Address) {
        while self.first != oldest.chunk && self.chunks.len() > 1 {
            self.release_front();
        }
    }

    /// Releases every chunk. Their numbers are not used again.
    pub(crate) fn clear(&mut self) {
        while !self.chunks.is_empty() {
            self.release_front();
        }
    }

    fn release_front(&mut self) {
        self.first = self.first.wrapping_add(1);
        // A chunk of unusual size, allocated for one huge line, is not worth keeping.
        if let Some(mut chunk) =
            self.chunks.pop_front().filter(|chunk| chunk.capacity() == CHUNK_BYTES)
        {
            chunk.clear();
            self.spare = Some(chunk);
        }
    }
}

/// Large enough that few chunks are allocated, small enough that a half-full one costs little.
const CHUNK_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_appended_bytes_until_they_are_released() {
        let mut ring = Ring::default();
        let line = vec![b'x'; 1_000];
        let addresses: Vec<_> = (0..1_000).map(|_| ring.append([b"id", &line])).collect();
        assert!(addresses.iter().all(|address| ring.bytes(*address, 1_002).starts_with(b"idx")));
        ring.release_before(addresses[999]);
        assert_eq!(
            (
                ring.bytes(addresses[0], 1_002),
                ring.bytes(addresses[999], 1_002).len(),
                ring.chunks.len()
            ),
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
    fn a_full_log_reuses_its_chunks() {
        let mut ring = Ring::default();
        let line = vec![b'x'; CHUNK_BYTES / 2];
        for _ in 0..20 {
            let address = ring.append([b"", &line]);
            ring.release_before(address);
            assert!(ring.chunks.len() <= 2);
        }
        assert!(ring.spare.is_some());
    }
}
