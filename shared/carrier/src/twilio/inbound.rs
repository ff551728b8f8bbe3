//! A text from a contact, as Twilio posts it.

use muster_domain::conversations::word::CarrierWord;
use serde::{Deserialize, Serialize};

use super::{
    form::Form,
    party::Party,
    webhook::{NoId, message_sid},
};

/// Pictures of one text that are kept. The carrier allows ten.
const MEDIA_LIMIT: usize = 20;

/// Characters of a picture's address and of its type that are kept.
const URL_LIMIT: usize = 2_048;
const TYPE_LIMIT: usize = 100;

/// A text from a contact. The api reads it from the form once. This is kept until a job handles it,
/// so that both go by the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundText {
    /// The carrier's id.
    #[serde(rename = "MessageSid")]
    pub sid: String,
    /// The sender: a number in E.164 form, or anything else.
    #[serde(rename = "From", default)]
    from: String,
    /// The recipient, in the same form.
    #[serde(rename = "To", default)]
    to: String,
    /// The text; empty where there are only pictures.
    #[serde(rename = "Body", default)]
    pub body: String,
    /// The channel, where it is not plain texts: `whatsapp`.
    #[serde(rename = "Channel", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The word that the carrier has found in the text (rule I2a).
    #[serde(rename = "OptOutType", default, skip_serializing_if = "Option::is_none")]
    pub carrier_word: Option<CarrierWord>,
    /// Pictures and the like.
    #[serde(rename = "Media", default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
}

/// A picture or the like that came with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Such as `image/jpeg`.
    pub content_type: String,
    /// The address at the carrier; personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl InboundText {
    /// Reads a form. Only the carrier's id must be there: a text that came is not lost for a
    /// missing or odd field.
    pub fn read(form: &Form) -> Result<Self, NoId> {
        let from = form.first_of(&["From"]).unwrap_or_default();
        Ok(Self {
            sid: message_sid(form)?,
            from: clean(&Party::kept(from)),
            to: clean(&Party::kept(form.first_of(&["To"]).unwrap_or_default())),
            body: clean(form.get("Body").unwrap_or_default()),
            channel: Party::channel(from),
            carrier_word: form.first_of(&["OptOutType"]).and_then(CarrierWord::of_carrier),
            media: media(form),
        })
    }

    /// Returns the sender.
    pub fn sender(&self) -> Party {
        Party::read(&self.from)
    }

    /// Returns the recipient.
    pub fn recipient(&self) -> Party {
        Party::read(&self.to)
    }
}

/// Pictures as `NumMedia`, `MediaUrl0`, `MediaContentType0` and so on tell them. Pictures beyond
/// the stated number are taken too.
fn media(form: &Form) -> Vec<Media> {
    let counted = form.first_of(&["NumMedia"]).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    (0..MEDIA_LIMIT)
        .map(|nth| {
            let url = form.first_of(&[&format!("MediaUrl{nth}")]);
            let content_type = form.first_of(&[&format!("MediaContentType{nth}")]);
            (nth < counted || url.is_some() || content_type.is_some()).then(|| Media {
                content_type: clean(&cut(content_type.unwrap_or("application/octet-stream"), TYPE_LIMIT)),
                url: url.filter(|url| url.len() <= URL_LIMIT).map(clean),
            })
        })
        .map_while(|media| media)
        .collect()
}

fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

/// Postgres has no U+0000.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> InboundText {
        try_read(&[&[("MessageSid", "SM1")], fields].concat()).unwrap()
    }

    fn try_read(fields: &[(&str, &str)]) -> Result<InboundText, NoId> {
        let pairs: Vec<_> = fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        InboundText::read(&Form::from(pairs))
    }

    #[test]
    fn i1_nothing_but_the_carriers_id_must_be_there() {
        assert_eq!(read(&[]), InboundText { sid: "SM1".to_owned(), ..InboundText::default() });
        let text = read(&[("From", "whatsapp:+16465550000"), ("Body", "a\0b"), ("New", "1")]);
        assert_eq!(text.body, "a\u{fffd}b");
        assert_eq!((text.sender(), text.recipient()), (Party::read("+16465550000"), Party::Missing));
        assert_eq!(text.channel.as_deref(), Some("whatsapp"));
        assert_eq!(try_read(&[("MessageSid", ""), ("SmsSid", "SM2")]).unwrap().sid, "SM2");
        for sid in ["", " ", "S\0M", &"M".repeat(3_000)] {
            assert_eq!(try_read(&[("MessageSid", sid), ("Body", "Hi")]), Err(NoId), "{sid:?}");
        }
    }

    #[test]
    fn i1_of_a_field_that_comes_twice_the_first_counts_for_everybody() {
        let text = read(&[("From", "+16465550000"), ("From", "+16465550001"), ("Body", "one"), ("Body", "two")]);
        let kept: InboundText = serde_json::from_value(serde_json::to_value(&text).unwrap()).unwrap();
        assert_eq!(kept, text);
        assert_eq!((kept.sender(), kept.body.as_str()), (Party::read("+16465550000"), "one"));
    }

    #[test]
    fn i1_what_was_recorded_before_is_read() {
        let form =
            serde_json::json!({ "MessageSid": "SM1", "From": "+16465550000", "To": "+12125550100", "Body": "Hi" });
        let text: InboundText = serde_json::from_value(form).unwrap();
        assert_eq!((text.sender(), text.body.as_str()), (Party::read("+16465550000"), "Hi"));
    }

    #[test]
    fn i1_pictures_are_kept() {
        let text = read(&[
            ("NumMedia", "2"),
            ("MediaUrl0", "https://carrier.example/1"),
            ("MediaContentType0", "image/jpeg"),
            ("MediaContentType1", "video/mp4"),
        ]);
        let seen: Vec<_> = text.media.iter().map(|media| (media.content_type.as_str(), media.url.is_some())).collect();
        assert_eq!(seen, [("image/jpeg", true), ("video/mp4", false)]);
        assert_eq!(read(&[("NumMedia", "0")]).media, []);
        assert_eq!(read(&[("NumMedia", "many"), ("MediaUrl0", "https://carrier.example/1")]).media.len(), 1);
        assert_eq!(read(&[("NumMedia", "1000000")]).media.len(), MEDIA_LIMIT);
    }

    #[test]
    fn i2a_the_carriers_word_is_read_in_any_case() {
        for (said, word) in [
            ("STOP", Some(CarrierWord::Stop)),
            ("stop", Some(CarrierWord::Stop)),
            (" Start ", Some(CarrierWord::Start)),
            ("HELP", Some(CarrierWord::Help)),
            ("", None),
            ("LATER", None),
        ] {
            assert_eq!(read(&[("OptOutType", said)]).carrier_word, word, "{said}");
        }
    }
}
