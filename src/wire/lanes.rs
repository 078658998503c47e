//! Bytes looked at side by side: sixteen in a wide register where the target has one, four in a word elsewhere.
//!
//! WebAssembly has wide registers where it is built with `+simd128`. What is without them is the module that runs as JavaScript, where
//! a number of 64 bits is two of 32 and their carry: hence words of 32.

use std::ops::{BitAnd, BitOr};

#[cfg(any(target_feature = "simd128", not(target_arch = "wasm32")))]
pub(crate) use wide::{Lanes, Marks};
#[cfg(not(any(target_feature = "simd128", not(target_arch = "wasm32"))))]
pub(crate) use word::{Lanes, Marks};

/// How many bytes are looked at at once.
pub(crate) const COUNT: usize = Lanes::COUNT;

#[cfg(any(target_feature = "simd128", not(target_arch = "wasm32")))]
mod wide {
    use super::{BitAnd, BitOr};
    use ::wide::u8x16;

    /// Bytes side by side.
    #[derive(Clone, Copy)]
    pub(crate) struct Lanes(u8x16);

    /// Some of the lanes.
    #[derive(Clone, Copy)]
    pub(crate) struct Marks(u8x16);

    impl Lanes {
        pub(super) const COUNT: usize = 16;

        /// Those bytes, the first in the first lane.
        #[inline(always)]
        pub(crate) fn of(bytes: &[u8; Self::COUNT]) -> Self {
            Self(u8x16::new(*bytes))
        }

        /// The lanes that hold `byte`.
        #[inline(always)]
        pub(crate) fn are(self, byte: u8) -> Marks {
            Marks(self.0.simd_eq(u8x16::splat(byte)))
        }

        /// The lanes that hold `bound` or less, which is below 0x80.
        #[inline(always)]
        pub(crate) fn are_up_to(self, bound: u8) -> Marks {
            Marks(self.0.min(u8x16::splat(bound)).simd_eq(self.0))
        }

        /// Each lane with these bits set.
        #[inline(always)]
        pub(crate) fn with(self, bits: u8) -> Self {
            Self(self.0 | u8x16::splat(bits))
        }
    }

    impl Marks {
        /// A bit for each lane, the lowest for the first; so far apart are two bits.
        pub(super) const APART: u32 = 1;

        #[inline(always)]
        pub(super) fn bits(self) -> u32 {
            self.0.to_bitmask()
        }
    }

    impl BitAnd for Marks {
        type Output = Self;
        #[inline(always)]
        fn bitand(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
    }

    impl BitOr for Marks {
        type Output = Self;
        #[inline(always)]
        fn bitor(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
    }
}

/// Compiled for tests too: they hold it against the other.
#[cfg(any(test, not(any(target_feature = "simd128", not(target_arch = "wasm32")))))]
mod word {
    use super::{BitAnd, BitOr};

    /// Bytes side by side.
    #[derive(Clone, Copy)]
    pub(crate) struct Lanes(u32);

    /// Some of the lanes: the high bit of each of them is set, and no other.
    #[derive(Clone, Copy)]
    pub(crate) struct Marks(u32);

    impl Lanes {
        pub(super) const COUNT: usize = 4;

        /// Those bytes, the first in the first lane.
        #[inline(always)]
        pub(crate) fn of(bytes: &[u8; Self::COUNT]) -> Self {
            Self(u32::from_le_bytes(*bytes))
        }

        /// The lanes that hold `byte`.
        #[inline(always)]
        pub(crate) fn are(self, byte: u8) -> Marks {
            Self(self.0 ^ in_each(byte)).are_up_to(0)
        }

        /// The lanes that hold `bound` or less, which is below 0x80.
        #[inline(always)]
        pub(crate) fn are_up_to(self, bound: u8) -> Marks {
            // What is added reaches the high bit from above the bound on, and never the next lane.
            let is_above = (self.0 & !HIGH).wrapping_add(in_each(0x7f - bound)) | self.0;
            Marks(!is_above & HIGH)
        }

        /// Each lane with these bits set.
        #[inline(always)]
        pub(crate) fn with(self, bits: u8) -> Self {
            Self(self.0 | in_each(bits))
        }
    }

    impl Marks {
        /// A bit for each lane, the lowest for the first; so far apart are two bits.
        pub(super) const APART: u32 = u8::BITS;

        #[inline(always)]
        pub(super) fn bits(self) -> u32 {
            self.0
        }
    }

    impl BitAnd for Marks {
        type Output = Self;
        #[inline(always)]
        fn bitand(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }
    }

    impl BitOr for Marks {
        type Output = Self;
        #[inline(always)]
        fn bitor(self, other: Self) -> Self {
            Self(self.0 | other.0)
        }
    }

    const fn in_each(byte: u8) -> u32 {
        u32::from_le_bytes([byte; 4])
    }

    const HIGH: u32 = in_each(0x80);
}

impl Marks {
    /// The first lane that is marked.
    #[inline(always)]
    pub(crate) fn first(self) -> Option<usize> {
        self.lanes().next()
    }

    /// How many lanes are marked.
    #[inline(always)]
    pub(crate) fn count(self) -> usize {
        self.bits().count_ones() as usize
    }

    /// The lanes that are marked, in their order.
    #[inline(always)]
    pub(crate) fn lanes(self) -> impl Iterator<Item = usize> {
        let mut bits = self.bits();
        std::iter::from_fn(move || {
            let lane = (bits != 0).then(|| (bits.trailing_zeros() / Self::APART) as usize)?;
            bits &= bits - 1;
            Some(lane)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{wide, word};

    /// In which of `bytes` `wide` and `word` see something, which must be the same.
    fn seen(bytes: [u8; 16], wide: impl Fn(wide::Lanes) -> wide::Marks, word: impl Fn(word::Lanes) -> word::Marks) -> Vec<usize> {
        let by_wide: Vec<_> = wide(wide::Lanes::of(&bytes)).lanes().collect();
        let mut by_word = Vec::new();
        for (index, four) in bytes.as_chunks().0.iter().enumerate() {
            let mut bits = word(word::Lanes::of(four)).bits();
            while bits != 0 {
                by_word.push(index * 4 + (bits.trailing_zeros() / word::Marks::APART) as usize);
                bits &= bits - 1;
            }
        }
        assert_eq!(by_wide, by_word, "{bytes:?}");
        by_wide
    }

    #[test]
    fn both_widths_see_the_same() {
        for start in 0..=u8::MAX {
            for step in [0, 1, 3, 17, 0x7f, 0x80, 0xff] {
                let bytes: [u8; 16] = std::array::from_fn(|lane| start.wrapping_add((lane as u8).wrapping_mul(step)));
                for byte in [0, 1, b'"', b'\\', 0x7f, 0x80, 0xff] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] == byte).collect();
                    assert_eq!(seen(bytes, |lanes| lanes.are(byte), |lanes| lanes.are(byte)), expected);
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] | 0x20 == byte | 0x20).collect();
                    let is = byte | 0x20;
                    assert_eq!(seen(bytes, |lanes| lanes.with(0x20).are(is), |lanes| lanes.with(0x20).are(is)), expected);
                }
                for bound in [0, 0x1f, 0x7f] {
                    let expected: Vec<_> = (0..16).filter(|lane| bytes[*lane] <= bound).collect();
                    assert_eq!(seen(bytes, |lanes| lanes.are_up_to(bound), |lanes| lanes.are_up_to(bound)), expected);
                }
                seen(bytes, |lanes| lanes.are(b'a') | lanes.are(b'b'), |lanes| lanes.are(b'a') | lanes.are(b'b'));
                seen(bytes, |lanes| lanes.are_up_to(9) & lanes.are(9), |lanes| lanes.are_up_to(9) & lanes.are(9));
            }
        }
    }
}
