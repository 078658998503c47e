//! Checks the colours of the style sheet: text coloured by escape sequences is readable in both
//! themes on every background (WCAG 1.4.3).

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// The backgrounds of rows and of the component.
const ROWS: [&str; 4] =
    ["--dsl-live-background", "--dsl-row-hover", "--dsl-error-background", "--dsl-surface"];

/// Returns the text of a file in `www/styles`.
fn sheet(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("www/styles/{name}.css"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the value of a custom property in the light and in the dark theme.
fn themes(css: &str, name: &str) -> [[u8; 3]; 2] {
    let declared = css
        .split(&format!("{name}: light-dark("))
        .nth(1)
        .unwrap_or_else(|| panic!("{name} has no light-dark() value"));
    let end = declared.find(");").expect("the value ends");
    let colours: Vec<_> = declared[..end]
        .match_indices('#')
        .map(|(at, _)| colour(&declared[at + 1..at + 7]))
        .collect();
    colours.try_into().unwrap_or_else(|_| panic!("{name} must have two colours of six digits"))
}

fn colour(digits: &str) -> [u8; 3] {
    [0, 2, 4].map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits"))
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|shade| {
        let shade = f64::from(shade) / 255.0;
        if shade <= 0.040_45 { shade / 12.92 } else { ((shade + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn coloured_text_is_readable_on_every_row_in_both_themes() {
    let css = ["base", "ansi"].map(sheet).join("\n");
    let behind: Vec<_> = COLOURS.iter().map(|colour| format!("--dsl-ansi-on-{colour}")).collect();
    let texts = COLOURS
        .iter()
        .flat_map(|colour| [format!("--dsl-ansi-{colour}"), format!("--dsl-ansi-bright-{colour}")]);
    let usual = ["--dsl-text", "--dsl-soft", "--dsl-error"].map(str::to_owned);
    let mut worst = f64::MAX;
    for text in texts.chain(usual.clone()) {
        // Faint text and stand-ins for characters are never drawn on a colour.
        let grounds = ROWS.iter().copied().chain(
            behind
                .iter()
                .map(String::as_str)
                .filter(|_| text.contains("ansi") || text == "--dsl-text"),
        );
        for ground in grounds {
            for (theme, (text_colour, ground_colour)) in ["light", "dark"]
                .iter()
                .zip(themes(&css, &text).into_iter().zip(themes(&css, ground)))
            {
                let found = contrast(text_colour, ground_colour);
                assert!(found >= 4.5, "{text} on {ground}, {theme}: {found:.2}");
                worst = worst.min(found);
            }
        }
    }
    assert!(worst < 21.0, "no colours were compared");
    let [light, dark] = themes(&css, "--dsl-mark");
    let [light_text, dark_text] = themes(&css, "--dsl-text");
    assert!(
        contrast(light, light_text) >= 4.5 && contrast(dark, dark_text) >= 4.5,
        "marked matches must be readable"
    );
}

#[test]
fn the_letters_of_channels_are_readable_on_every_row_in_both_themes() {
    let css = ["base", "channels"].map(sheet).join("\n");
    for number in 0..8 {
        let channel = format!("--dsl-channel-{number}");
        for ground in ROWS.iter().copied().chain(["--dsl-on-channel"]) {
            for (theme, (one, other)) in ["light", "dark"]
                .iter()
                .zip(themes(&css, &channel).into_iter().zip(themes(&css, ground)))
            {
                let found = contrast(one, other);
                assert!(found >= 4.5, "{channel} on {ground}, {theme}: {found:.2}");
            }
        }
    }
}
