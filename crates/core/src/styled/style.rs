//! The styles selected by escape sequences (SGR, ECMA-48 8.3.117), as CSS classes. There are
//! sixteen colours; others map to the nearest of them, so that each is readable on any row in both
//! themes.

/// The style of a part of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Indexes into [`COLOURS`], of the text and of its background.
    text: Option<u8>,
    behind: Option<u8>,
    marks: u8,
}

const BOLD: u8 = 1;
const FAINT: u8 = 2;
const ITALIC: u8 = 4;
const UNDERLINE: u8 = 8;
const INVERSE: u8 = 16;
const STRUCK: u8 = 32;

impl Style {
    /// Applies the parameters of a sequence, such as `1;38;5;196`. Unknown parameters are ignored,
    /// and so is "conceal", because nothing is hidden from a reader.
    pub(super) fn apply(&mut self, parameters: &str) {
        let mut rest = parameters.split(';');
        while let Some(parameter) = rest.next() {
            let mut parts = parameter.split(':');
            let code = number(parts.next().unwrap_or_default());
            match code {
                38 | 48 | 58 => {
                    let colour = if parameter.contains(':') {
                        colour_of_parts(parts)
                    } else {
                        colour_of(&mut rest)
                    };
                    match code {
                        38 => self.text = colour.or(self.text),
                        48 => self.behind = colour.or(self.behind),
                        _ => {}
                    }
                }
                4 if parts.next() == Some("0") => self.marks &= !UNDERLINE,
                _ => self.apply_one(code),
            }
        }
    }

    /// Returns the CSS classes; empty for unstyled text.
    #[must_use]
    pub(super) fn class(self) -> String {
        let is_inverse = self.marks & INVERSE > 0;
        let (text, behind) =
            if is_inverse { (self.behind, self.text) } else { (self.text, self.behind) };
        let mut class = String::new();
        let mut add = |parts: &[&str]| {
            class.push_str(if class.is_empty() { "dsl-ansi-" } else { " dsl-ansi-" });
            parts.iter().for_each(|part| class.push_str(part));
        };
        for (mark, name) in [
            (BOLD, "bold"),
            (FAINT, "faint"),
            (ITALIC, "italic"),
            (UNDERLINE, "underline"),
            (STRUCK, "struck"),
        ] {
            // Faint coloured text would be unreadable.
            let is_faded = mark == FAINT && (is_inverse || text.or(behind).is_some());
            if self.marks & mark > 0 && !is_faded {
                add(&[name]);
            }
        }
        if is_inverse && behind.is_none() {
            add(&["inverse"]);
        } else if let Some(colour) = text {
            add(&[
                if colour < BRIGHT { "" } else { "bright-" },
                COLOURS[usize::from(colour % BRIGHT)],
            ]);
        }
        if let Some(colour) = behind {
            add(&["on-", COLOURS[usize::from(colour % BRIGHT)]]);
        }
        class
    }

    fn apply_one(&mut self, code: u16) {
        match code {
            0 => *self = Self::default(),
            1 => self.marks |= BOLD,
            2 => self.marks |= FAINT,
            3 => self.marks |= ITALIC,
            4 | 21 => self.marks |= UNDERLINE,
            7 => self.marks |= INVERSE,
            9 => self.marks |= STRUCK,
            22 => self.marks &= !(BOLD | FAINT),
            23 => self.marks &= !ITALIC,
            24 => self.marks &= !UNDERLINE,
            27 => self.marks &= !INVERSE,
            29 => self.marks &= !STRUCK,
            30..=37 => self.text = Some((code - 30) as u8),
            39 => self.text = None,
            40..=47 => self.behind = Some((code - 40) as u8),
            49 => self.behind = None,
            90..=97 => self.text = Some((code - 90) as u8 + BRIGHT),
            100..=107 => self.behind = Some((code - 100) as u8 + BRIGHT),
            _ => {}
        }
    }
}

/// An omitted parameter is 0; anything that is not a small number is ignored.
fn number(text: &str) -> u16 {
    if text.is_empty() { 0 } else { text.parse().unwrap_or(u16::MAX) }
}

/// Parses a colour such as `5;196` or `2;255;0;0`.
fn colour_of<'a>(rest: &mut impl Iterator<Item = &'a str>) -> Option<u8> {
    let mut next = || rest.next().map(number);
    match next()? {
        5 => indexed(next()?),
        2 => Some(nearest([next()?, next()?, next()?])),
        _ => None,
    }
}

/// Parses a colour such as `5:196`, `2:255:0:0` or `2::255:0:0`, the last with a colour space.
fn colour_of_parts<'a>(parts: impl Iterator<Item = &'a str>) -> Option<u8> {
    let mut parts: Vec<_> = parts.collect();
    if parts.len() > 4 {
        parts.remove(1);
    }
    colour_of(&mut parts.into_iter())
}

/// Returns one of the 256 colours: sixteen, a cube of six shades each, and 24 greys.
fn indexed(index: u16) -> Option<u8> {
    let shade = |step: u16| if step == 0 { 0 } else { 55 + step * 40 };
    match index {
        0..16 => Some(index as u8),
        16..232 => {
            Some(nearest([(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(shade)))
        }
        232..256 => Some(nearest([8 + (index - 232) * 10; 3])),
        _ => None,
    }
}

/// Returns the colour that looks most similar.
fn nearest(wanted: [u16; 3]) -> u8 {
    let distance = |index: &u8| -> u32 {
        let shades = SHADES[usize::from(*index)];
        let squares =
            (0..3).map(|at| u32::from(wanted[at].min(255).abs_diff(u16::from(shades[at]))).pow(2));
        // The eye is most sensitive to green and least to blue.
        squares.zip([3, 6, 1]).map(|(square, weight)| square * weight).sum()
    };
    (0..16).min_by_key(distance).unwrap_or_default()
}

const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// The index of the first bright colour.
const BRIGHT: u8 = 8;

/// The sixteen colours of xterm.
const SHADES: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn class(parameters: &[&str]) -> String {
        let mut style = Style::default();
        parameters.iter().for_each(|parameters| style.apply(parameters));
        style.class()
    }

    #[test]
    fn the_sixteen_colours_and_attributes_have_classes() {
        assert_eq!(class(&["31"]), "dsl-ansi-red");
        assert_eq!(
            class(&["1;4;92;44"]),
            "dsl-ansi-bold dsl-ansi-underline dsl-ansi-bright-green dsl-ansi-on-blue"
        );
        assert_eq!(
            (class(&["2;3;9"]), class(&["2;101"])),
            ("dsl-ansi-faint dsl-ansi-italic dsl-ansi-struck".into(), "dsl-ansi-on-red".into())
        );
        assert_eq!(
            (class(&["7"]), class(&["7;31"]), class(&["7;31;42"])),
            (
                "dsl-ansi-inverse".into(),
                "dsl-ansi-on-red".into(),
                "dsl-ansi-green dsl-ansi-on-red".into()
            )
        );
    }

    #[test]
    fn reset_codes_remove_styles() {
        for reset in ["", "0", "00", ";"] {
            assert_eq!(class(&["1;31;42", reset]), "", "{reset:?}");
        }
        assert_eq!(class(&["1;2;3;4;7;9;31;41", "22;23;24;27;29;39;49"]), "");
        assert_eq!(
            (class(&["4:3"]), class(&["4", "4:0"])),
            ("dsl-ansi-underline".into(), String::new())
        );
    }

    #[test]
    fn other_colours_map_to_the_nearest_of_the_sixteen() {
        for parameters in
            ["38;5;196", "38;5;9", "38;2;250;10;5", "38:2::250:10:5", "38:2:250:10:5", "38:5:196"]
        {
            assert_eq!(class(&[parameters]), "dsl-ansi-bright-red", "{parameters}");
        }
        assert_eq!(
            (class(&["38;5;232"]), class(&["38;5;244"]), class(&["48;2;0;180;0"])),
            ("dsl-ansi-black".into(), "dsl-ansi-bright-black".into(), "dsl-ansi-on-green".into())
        );
        assert_eq!(class(&["38;5;1;1"]), "dsl-ansi-bold dsl-ansi-red");
        assert_eq!(class(&["58;5;196;4"]), "dsl-ansi-underline");
    }

    #[test]
    fn unknown_parameters_are_ignored() {
        for parameters in ["5", "8", "38", "38;5;256", "48;5", "999999999", "10;53;73", "38:"] {
            assert_eq!(class(&[parameters]), "", "{parameters}");
        }
    }
}
