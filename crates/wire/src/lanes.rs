//! Compares many bytes at once: sixteen in a SIMD register where the target has one, four in a word
//! elsewhere. The names are those of `std::simd`.
//!
//! WebAssembly has SIMD registers if it is built with `+simd128`. The module without them is the
//! one that runs as JavaScript, where a 64-bit number is two of 32 bits and their carry: hence
//! 32-bit words.

use std::ops::{BitAnd, BitOr};

use wide::u8x16;

#[cfg(any(target_feature = "simd128", not(target_arch = "wasm32")))]
type Native = u8x16;
#[cfg(not(any(target_feature = "simd128", not(target_arch = "wasm32"))))]
type Native = u32;

/// As many bytes as this target compares at once.
pub(crate) type Lanes = LanesOf<Native>;

/// The result of a comparison of [`Lanes`].
pub(crate) type Mask = MaskOf<Native>;

/// The number of bytes compared at once.
pub(crate) const COUNT: usize = Native::COUNT;

/// The storage of the lanes. In a mask, a lane is set if its high bit is.
pub(crate) trait Vector: Copy + BitAnd<Output = Self> + BitOr<Output = Self> {
    const COUNT: usize;
    /// The distance between the bits of two neighbouring lanes in a bitmask.
    const BIT_STRIDE: u32;
    type Bytes;

    /// Loads the bytes, the first into the first lane.
    fn load(bytes: &Self::Bytes) -> Self;

    fn splat(byte: u8) -> Self;

    /// Sets the lanes that are equal to `byte`.
    fn simd_eq(self, byte: u8) -> Self;

    /// Sets the lanes that are at most `bound`, which is below 0x80.
    fn simd_le(self, bound: u8) -> Self;

    /// Returns one bit for each lane that is set, the lowest for the first lane.
    fn to_bitmask(self) -> u32;
}

impl Vector for u8x16 {
    const COUNT: usize = 16;
    const BIT_STRIDE: u32 = 1;
    type Bytes = [u8; 16];

    #[inline(always)]
    fn load(bytes: &Self::Bytes) -> Self {
        Self::new(*bytes)
    }

    #[inline(always)]
    fn splat(byte: u8) -> Self {
        Self::splat(byte)
    }

    #[inline(always)]
    fn simd_eq(self, byte: u8) -> Self {
        self.simd_eq(Self::splat(byte))
    }

    #[inline(always)]
    fn simd_le(self, bound: u8) -> Self {
        self.min(Self::splat(bound)).simd_eq(self)
    }

    #[inline(always)]
    fn to_bitmask(self) -> u32 {
        self.to_bitmask()
    }
}

impl Vector for u32 {
    const COUNT: usize = 4;
    const BIT_STRIDE: Self = u8::BITS;
    type Bytes = [u8; 4];

    #[inline(always)]
    fn load(bytes: &Self::Bytes) -> Self {
        Self::from_le_bytes(*bytes)
    }

    #[inline(always)]
    fn splat(byte: u8) -> Self {
        Self::from_le_bytes([byte; 4])
    }

    #[inline(always)]
    fn simd_eq(self, byte: u8) -> Self {
        (self ^ Self::splat(byte)).simd_le(0)
    }

    #[inline(always)]
    fn simd_le(self, bound: u8) -> Self {
        let high = Self::splat(0x80);
        // The sum sets the high bit of a lane above the bound, and never carries into the next
        // lane.
        let is_above = (self & !high).wrapping_add(Self::splat(0x7f - bound)) | self;
        !is_above & high
    }

    #[inline(always)]
    fn to_bitmask(self) -> u32 {
        self
    }
}

/// Bytes to compare, one in each lane.
#[derive(Clone, Copy)]
pub(crate) struct LanesOf<V>(V);

impl<V: Vector> LanesOf<V> {
    /// Loads the bytes, the first into the first lane.
    #[inline(always)]
    pub(crate) fn load(bytes: &V::Bytes) -> Self {
        Self(V::load(bytes))
    }

    /// Returns the lanes that are equal to `byte`.
    #[inline(always)]
    pub(crate) fn simd_eq(self, byte: u8) -> MaskOf<V> {
        MaskOf(self.0.simd_eq(byte))
    }

    /// Returns the lanes that are at most `bound`, which is below 0x80.
    #[inline(always)]
    pub(crate) fn simd_le(self, bound: u8) -> MaskOf<V> {
        MaskOf(self.0.simd_le(bound))
    }

    /// Returns the lanes with these bits set in each.
    #[inline(always)]
    pub(crate) fn with_bits(self, bits: u8) -> Self {
        Self(self.0 | V::splat(bits))
    }
}

/// The result of a comparison: which lanes are set.
#[derive(Clone, Copy)]
pub(crate) struct MaskOf<V>(V);

impl<V: Vector> MaskOf<V> {
    /// Returns the first lane that is set.
    #[inline(always)]
    pub(crate) fn first_set(self) -> Option<usize> {
        self.set_lanes().next()
    }

    /// Returns the number of lanes that are set.
    #[inline(always)]
    pub(crate) fn count(self) -> usize {
        self.0.to_bitmask().count_ones() as usize
    }

    /// Returns the lanes that are set, in order.
    #[inline(always)]
    pub(crate) fn set_lanes(self) -> impl Iterator<Item = usize> {
        let mut bits = self.0.to_bitmask();
        std::iter::from_fn(move || {
            let lane = (bits != 0).then(|| (bits.trailing_zeros() / V::BIT_STRIDE) as usize)?;
            bits &= bits - 1;
            Some(lane)
        })
    }
}

impl<V: Vector> BitAnd for MaskOf<V> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl<V: Vector> BitOr for MaskOf<V> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{LanesOf, MaskOf};
    use wide::u8x16;

    /// Returns the lanes of `bytes` that `wide` and `word` set, and asserts that they agree.
    fn set_lanes(
        bytes: [u8; 16],
        wide: impl Fn(LanesOf<u8x16>) -> MaskOf<u8x16>,
        word: impl Fn(LanesOf<u32>) -> MaskOf<u32>,
    ) -> Vec<usize> {
        let by_wide: Vec<_> = wide(LanesOf::load(&bytes)).set_lanes().collect();
        let words = bytes.as_chunks().0.iter().enumerate();
        let by_word: Vec<_> = words
            .flat_map(|(index, four)| {
                word(LanesOf::load(four)).set_lanes().map(move |lane| index * 4 + lane)
            })
            .collect();
        assert_eq!(by_wide, by_word, "{bytes:?}");
        by_wide
    }

    #[test]
    fn both_widths_set_the_same_lanes() {
        for start in 0..=u8::MAX {
            for step in [0, 1, 3, 17, 0x7f, 0x80, 0xff] {
                let bytes: [u8; 16] =
                    std::array::from_fn(|lane| start.wrapping_add((lane as u8).wrapping_mul(step)));
                for byte in [0, 1, b'"', b'\\', 0x7f, 0x80, 0xff] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] == byte).collect();
                    assert_eq!(
                        set_lanes(bytes, |lanes| lanes.simd_eq(byte), |lanes| lanes.simd_eq(byte)),
                        expected
                    );
                    let expected: Vec<_> =
                        (0..16).filter(|lane| bytes[*lane] | 0x20 == byte | 0x20).collect();
                    let is = byte | 0x20;
                    assert_eq!(
                        set_lanes(
                            bytes,
                            |lanes| lanes.with_bits(0x20).simd_eq(is),
                            |lanes| lanes.with_bits(0x20).simd_eq(is)
                        ),
                        expected
                    );
                }
                for bound in [0, 0x1f, 0x7f] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] <= bound).collect();
                    assert_eq!(
                        set_lanes(
                            bytes,
                            |lanes| lanes.simd_le(bound),
                            |lanes| lanes.simd_le(bound)
                        ),
                        expected
                    );
                }
                set_lanes(
                    bytes,
                    |lanes| lanes.simd_eq(b'a') | lanes.simd_eq(b'b'),
                    |lanes| lanes.simd_eq(b'a') | lanes.simd_eq(b'b'),
                );
                set_lanes(
                    bytes,
                    |lanes| lanes.simd_le(9) & lanes.simd_eq(9),
                    |lanes| lanes.simd_le(9) & lanes.simd_eq(9),
                );
            }
        }
    }
}
