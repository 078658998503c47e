//! Bytes looked at side by side: sixteen in a wide register where the target has one, four in a
//! word elsewhere.
//!
//! WebAssembly has wide registers where it is built with `+simd128`. What is without them is the
//! module that runs as JavaScript, where a number of 64 bits is two of 32 and their carry: hence
//! words of 32.

use std::ops::{BitAnd, BitOr};

use wide::u8x16;

#[cfg(any(target_feature = "simd128", not(target_arch = "wasm32")))]
type Native = u8x16;
#[cfg(not(any(target_feature = "simd128", not(target_arch = "wasm32"))))]
type Native = u32;

/// Bytes side by side, as many as this target looks at at once.
pub(crate) type Lanes = LanesOf<Native>;

/// Some of the lanes.
pub(crate) type Marks = MarksOf<Native>;

/// How many bytes are looked at at once.
pub(crate) const COUNT: usize = Native::COUNT;

/// What holds the bytes. A mark is a lane whose high bit is set.
pub(crate) trait Vector: Copy + BitAnd<Output = Self> + BitOr<Output = Self> {
    const COUNT: usize;
    /// How far apart the bits of two neighbours are.
    const APART: u32;
    type Bytes;

    /// Those bytes, the first in the first lane.
    fn of(bytes: &Self::Bytes) -> Self;

    fn in_each(byte: u8) -> Self;

    /// Marks the lanes that hold `byte`.
    fn equal_to(self, byte: u8) -> Self;

    /// Marks the lanes that hold `bound` or less, which is below 0x80.
    fn up_to(self, bound: u8) -> Self;

    /// A bit for each mark, the lowest for the first.
    fn bits(self) -> u32;
}

impl Vector for u8x16 {
    const COUNT: usize = 16;
    const APART: u32 = 1;
    type Bytes = [u8; 16];

    #[inline(always)]
    fn of(bytes: &Self::Bytes) -> Self {
        Self::new(*bytes)
    }

    #[inline(always)]
    fn in_each(byte: u8) -> Self {
        Self::splat(byte)
    }

    #[inline(always)]
    fn equal_to(self, byte: u8) -> Self {
        self.simd_eq(Self::in_each(byte))
    }

    #[inline(always)]
    fn up_to(self, bound: u8) -> Self {
        self.min(Self::in_each(bound)).simd_eq(self)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bitmask()
    }
}

impl Vector for u32 {
    const COUNT: usize = 4;
    const APART: Self = u8::BITS;
    type Bytes = [u8; 4];

    #[inline(always)]
    fn of(bytes: &Self::Bytes) -> Self {
        Self::from_le_bytes(*bytes)
    }

    #[inline(always)]
    fn in_each(byte: u8) -> Self {
        Self::from_le_bytes([byte; 4])
    }

    #[inline(always)]
    fn equal_to(self, byte: u8) -> Self {
        (self ^ Self::in_each(byte)).up_to(0)
    }

    #[inline(always)]
    fn up_to(self, bound: u8) -> Self {
        let high = Self::in_each(0x80);
        // What is added reaches the high bit from above the bound on, and never the next lane.
        let is_above = (self & !high).wrapping_add(Self::in_each(0x7f - bound)) | self;
        !is_above & high
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self
    }
}

/// Bytes side by side.
#[derive(Clone, Copy)]
pub(crate) struct LanesOf<V>(V);

impl<V: Vector> LanesOf<V> {
    /// Those bytes, the first in the first lane.
    #[inline(always)]
    pub(crate) fn of(bytes: &V::Bytes) -> Self {
        Self(V::of(bytes))
    }

    /// The lanes that hold `byte`.
    #[inline(always)]
    pub(crate) fn are(self, byte: u8) -> MarksOf<V> {
        MarksOf(self.0.equal_to(byte))
    }

    /// The lanes that hold `bound` or less, which is below 0x80.
    #[inline(always)]
    pub(crate) fn are_up_to(self, bound: u8) -> MarksOf<V> {
        MarksOf(self.0.up_to(bound))
    }

    /// Each lane with these bits set.
    #[inline(always)]
    pub(crate) fn with(self, bits: u8) -> Self {
        Self(self.0 | V::in_each(bits))
    }
}

/// Some of the lanes.
#[derive(Clone, Copy)]
pub(crate) struct MarksOf<V>(V);

impl<V: Vector> MarksOf<V> {
    /// The first lane that is marked.
    #[inline(always)]
    pub(crate) fn first(self) -> Option<usize> {
        self.lanes().next()
    }

    /// How many lanes are marked.
    #[inline(always)]
    pub(crate) fn count(self) -> usize {
        self.0.bits().count_ones() as usize
    }

    /// The lanes that are marked, in their order.
    #[inline(always)]
    pub(crate) fn lanes(self) -> impl Iterator<Item = usize> {
        let mut bits = self.0.bits();
        std::iter::from_fn(move || {
            let lane = (bits != 0).then(|| (bits.trailing_zeros() / V::APART) as usize)?;
            bits &= bits - 1;
            Some(lane)
        })
    }
}

impl<V: Vector> BitAnd for MarksOf<V> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl<V: Vector> BitOr for MarksOf<V> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{LanesOf, MarksOf};
    use wide::u8x16;

    /// In which of `bytes` `wide` and `word` see something, which must be the same.
    fn seen(
        bytes: [u8; 16],
        wide: impl Fn(LanesOf<u8x16>) -> MarksOf<u8x16>,
        word: impl Fn(LanesOf<u32>) -> MarksOf<u32>,
    ) -> Vec<usize> {
        let by_wide: Vec<_> = wide(LanesOf::of(&bytes)).lanes().collect();
        let words = bytes.as_chunks().0.iter().enumerate();
        let by_word: Vec<_> = words
            .flat_map(|(index, four)| {
                word(LanesOf::of(four)).lanes().map(move |lane| index * 4 + lane)
            })
            .collect();
        assert_eq!(by_wide, by_word, "{bytes:?}");
        by_wide
    }

    #[test]
    fn both_widths_see_the_same() {
        for start in 0..=u8::MAX {
            for step in [0, 1, 3, 17, 0x7f, 0x80, 0xff] {
                let bytes: [u8; 16] =
                    std::array::from_fn(|lane| start.wrapping_add((lane as u8).wrapping_mul(step)));
                for byte in [0, 1, b'"', b'\\', 0x7f, 0x80, 0xff] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] == byte).collect();
                    assert_eq!(
                        seen(bytes, |lanes| lanes.are(byte), |lanes| lanes.are(byte)),
                        expected
                    );
                    let expected: Vec<_> =
                        (0..16).filter(|lane| bytes[*lane] | 0x20 == byte | 0x20).collect();
                    let is = byte | 0x20;
                    assert_eq!(
                        seen(
                            bytes,
                            |lanes| lanes.with(0x20).are(is),
                            |lanes| lanes.with(0x20).are(is)
                        ),
                        expected
                    );
                }
                for bound in [0, 0x1f, 0x7f] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] <= bound).collect();
                    assert_eq!(
                        seen(bytes, |lanes| lanes.are_up_to(bound), |lanes| lanes.are_up_to(bound)),
                        expected
                    );
                }
                seen(
                    bytes,
                    |lanes| lanes.are(b'a') | lanes.are(b'b'),
                    |lanes| lanes.are(b'a') | lanes.are(b'b'),
                );
                seen(
                    bytes,
                    |lanes| lanes.are_up_to(9) & lanes.are(9),
                    |lanes| lanes.are_up_to(9) & lanes.are(9),
                );
            }
        }
    }
}
