//! Sender and recipient of a text, as carriers write them.

use muster_domain::people::e164::E164;

/// One end of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// A North American number: the only one that can be a contact's or ours (rule C4).
    Number(E164),
    /// A number of another country, or of no plan.
    Foreign,
    /// A short code, three to eight digits.
    ShortCode,
    /// A name, which some countries' senders have.
    Name,
    /// Nothing is said.
    Missing,
}

/// Characters of a name that are kept.
const NAME_LIMIT: usize = 64;

impl Party {
    /// Reads a sender or a recipient. A channel in front (`whatsapp:+1…`) is left out: the number
    /// is the same person's.
    pub fn read(text: &str) -> Self {
        let (_, text) = split_channel(text);
        if text.is_empty() {
            return Self::Missing;
        }
        if !text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c)) {
            return Self::Name;
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        // A plus sign that came unencoded is a blank by now.
        let national = match digits.len() {
            11 => digits.strip_prefix('1'),
            10 if !text.starts_with('+') => Some(digits.as_str()),
            0 => return Self::Name,
            3..=8 if !text.starts_with('+') => return Self::ShortCode,
            _ => None,
        };
        national.and_then(|national| E164::from_national(national).ok()).map_or(Self::Foreign, Self::Number)
    }

    /// Returns the channel in front of a sender, such as `whatsapp`; none for plain texts.
    pub fn channel(text: &str) -> Option<String> {
        split_channel(text).0.map(str::to_ascii_lowercase).filter(|channel| channel != "sms" && channel != "mms")
    }

    /// Returns the one way in which a sender or recipient is kept: a number in E.164 form, anything
    /// else as it came, cut.
    pub fn kept(text: &str) -> String {
        match Self::read(text) {
            Self::Number(number) => number.as_str().to_owned(),
            _ => text.trim().chars().take(NAME_LIMIT).collect(),
        }
    }

    /// Returns the number, if it is one.
    pub const fn number(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// Returns the channel in front of a colon, if it looks like one, and the rest.
fn split_channel(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    match text.split_once(':') {
        Some((channel, rest))
            if (1..=20).contains(&channel.len())
                && channel.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'-') =>
        {
            (Some(channel), rest.trim())
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_every_sender_is_something() {
        let number = Party::Number(E164::parse("+16465550000").unwrap());
        for text in [
            "+16465550000",
            " 16465550000",
            "16465550000",
            "6465550000",
            "+1 (646) 555-0000",
            "whatsapp:+16465550000",
            "whatsapp: 16465550000",
            "RCS:+16465550000",
            "sms:+16465550000",
        ] {
            assert_eq!(Party::read(text), number, "{text}");
            assert_eq!(Party::kept(text), "+16465550000", "{text}");
        }
        for (text, party) in [
            ("+442071838750", Party::Foreign),
            ("whatsapp:+442071838750", Party::Foreign),
            ("+6465550000", Party::Foreign),
            ("+11165550000", Party::Foreign),
            ("00442071838750", Party::Foreign),
            ("22395", Party::ShortCode),
            ("223", Party::ShortCode),
            ("MUSTER", Party::Name),
            ("AT&T 7535", Party::Name),
            ("messenger:me", Party::Name),
            ("+", Party::Name),
            ("", Party::Missing),
            ("whatsapp:", Party::Missing),
        ] {
            assert_eq!(Party::read(text), party, "{text}");
        }
    }

    #[test]
    fn i1_a_channel_is_told() {
        assert_eq!(Party::channel("WhatsApp:+16465550000").as_deref(), Some("whatsapp"));
        for text in ["+16465550000", "sms:+16465550000", "", "12:30", "a b: c"] {
            assert_eq!(Party::channel(text), None, "{text}");
        }
    }
}
