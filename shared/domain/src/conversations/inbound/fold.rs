//! Characters as rules compare them: lower case, without accents, in one form of each.

/// Returns a character that is not seen: joiners, marks of direction, soft hyphens, variation
/// selectors, tags.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e01ef}')
}

/// Any of the marks that stand for an apostrophe.
pub(super) const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}' | '`' | '\u{b4}' | '\u{ff07}'
    )
}

/// Returns the plain form of a styled character: full width, circled, squared, bold, script and the
/// like. Others stay.
pub(super) fn plain(c: char) -> char {
    let code = u32::from(c);
    let letter = |first: u32, base: u8| char::from(base + u8::try_from((code - first) % 26).unwrap_or(0));
    match code {
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        // Mathematical alphabets: capitals and small letters take turns.
        0x1d400..=0x1d6a3 if (code - 0x1d400) % 52 < 26 => letter(0x1d400, b'A'),
        0x1d400..=0x1d6a3 => letter(0x1d400, b'a'),
        0x1d7ce..=0x1d7ff => char::from(b'0' + u8::try_from((code - 0x1d7ce) % 10).unwrap_or(0)),
        0x24b6..=0x24cf => letter(0x24b6, b'A'),
        0x24d0..=0x24e9 => letter(0x24d0, b'a'),
        0x1f130..=0x1f149 => letter(0x1f130, b'A'),
        0x1f150..=0x1f169 => letter(0x1f150, b'A'),
        0x1f170..=0x1f189 => letter(0x1f170, b'A'),
        _ => c,
    }
}

/// Appends a character in lower case without its accents; a combining mark vanishes.
pub(super) fn push_folded(out: &mut String, c: char) {
    for c in c.to_lowercase() {
        let base = match c {
            '\u{300}'..='\u{36f}' => continue,
            'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
            'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
            'ś' | 'ŝ' | 'ş' | 'š' => 's',
            'ţ' | 'ť' => 't',
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'œ' => {
                out.push('o');
                'e'
            }
            'æ' => {
                out.push('a');
                'e'
            }
            'ß' => {
                out.push('s');
                's'
            }
            other => other,
        };
        out.push(base);
    }
}
