//! Links by which users join a group: the id by which events name a link, and the code that lets
//! users join.
//!
//! Many can read events: operators, webhooks, consumers of the stream. Nobody of them may join by
//! what they read, so events name a link by its id, and its code derives from the id and a secret
//! that no event has.

use std::fmt;

use crate::digest;
use crate::ids::{ConversationId, InvalidIdError, text_id};

/// How many hexadecimal digits have the 128 random bits of an id, and the 128 bits of a proof.
const DIGITS: usize = 32;

fn are_digits(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.bytes().all(is_digit)
}

/// The digits and the conversation of a code.
fn split(code: &str) -> Option<(&str, ConversationId)> {
    let (digits, id) = code.split_once('.')?;
    Some((digits, ConversationId::parse(id).ok()?))
}

text_id!(
    /// The id of a link: 128 random bits as hexadecimal digits. It does not let anyone join.
    ///
    /// Links of earlier releases had a random code in their events: for those, it is the code.
    LinkId,
    |text| {
        let is_old_code = || split(text).is_some_and(|(digits, _)| digits.len() == DIGITS && are_digits(digits));
        if text.len() == DIGITS && are_digits(text) || is_old_code() {
            return Ok(());
        }
        Err(InvalidIdError("The id of a link is invalid."))
    }
);

text_id!(
    /// The code of a link: the id of the link, the proof that its holder may join, a full stop,
    /// and the id of the conversation. Codes of earlier releases have 128 random bits instead of id
    /// and proof.
    ///
    /// The code itself names the conversation, so a command finds the aggregate that decides
    /// without any lookup.
    LinkCode,
    |text| match split(text) {
        Some((digits, _)) if [DIGITS, 2 * DIGITS].contains(&digits.len()) && are_digits(digits) => {
            Ok(())
        }
        _ => Err(InvalidIdError("The code of a link is invalid.")),
    }
);

/// The secret from which the codes of a deployment derive.
#[derive(Clone)]
pub struct LinkSecret(Vec<u8>);

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret")
    }
}

impl LinkSecret {
    /// Takes random bytes as the secret.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The proof for a link: nobody without the secret can compute it. Half of a SHA-256 over parts
    /// with their lengths, so a proof cannot be extended to one of a longer text.
    fn prove(&self, link: &LinkId, conversation: &ConversationId) -> u128 {
        let parts = [
            self.0.as_slice(),
            b"link",
            link.as_str().as_bytes(),
            conversation.as_str().as_bytes(),
        ];
        digest::fingerprint(&parts)
    }
}

impl LinkId {
    /// Creates the id of a link from random bits.
    pub fn new(random: u128) -> Self {
        Self(format!("{random:0DIGITS$x}").into())
    }
}

impl LinkCode {
    /// The code of a link to this conversation.
    pub fn derive(secret: &LinkSecret, link: &LinkId, conversation: &ConversationId) -> Self {
        if link.as_str().len() > DIGITS {
            return Self(link.as_str().into());
        }
        let proof = secret.prove(link, conversation);
        Self(format!("{link}{proof:0DIGITS$x}.{conversation}").into())
    }

    /// The conversation that the link leads to.
    pub fn conversation(&self) -> Result<ConversationId, InvalidIdError> {
        let id = self.0.split_once('.').map_or("", |(_, id)| id);
        ConversationId::parse(id)
    }

    /// The id of the link, if the proof is right.
    pub fn verify(&self, secret: &LinkSecret) -> Option<LinkId> {
        let (digits, conversation) = split(&self.0)?;
        let link = match digits.get(..DIGITS).filter(|_| digits.len() > DIGITS) {
            Some(id) => LinkId::parse(id).ok()?,
            None => LinkId::parse(&self.0).ok()?,
        };
        (Self::derive(secret, &link, &conversation) == *self).then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> LinkSecret {
        LinkSecret::from_bytes(vec![byte; 32])
    }

    fn conversation(id: &str) -> ConversationId {
        ConversationId::parse(id).expect("valid")
    }

    #[test]
    fn a_code_proves_its_link_in_its_conversation_alone() {
        let link = LinkId::new(0x5f3a);
        let code = LinkCode::derive(&secret(1), &link, &conversation("room"));
        assert_eq!(code.conversation().expect("valid"), conversation("room"));
        assert_eq!(code.verify(&secret(1)), Some(link.clone()));
        assert_eq!(code.verify(&secret(2)), None, "of another deployment");
        let moved = code.as_str().replace("room", "other");
        assert_eq!(
            LinkCode::parse(&moved).expect("valid").verify(&secret(1)),
            None
        );
        let other = LinkCode::derive(&secret(1), &LinkId::new(0x5f3b), &conversation("room"));
        let mixed = format!("{link}{}", &other.as_str()[DIGITS..]);
        assert_eq!(
            LinkCode::parse(&mixed).expect("valid").verify(&secret(1)),
            None
        );
    }

    #[test]
    fn what_an_event_says_is_no_code() {
        let link = LinkId::new(7);
        assert!(LinkCode::parse(link.as_str()).is_err());
        // It has the form of an old code, but that is another link.
        let old = LinkCode::parse(&format!("{link}.room")).expect("valid");
        assert_ne!(old.verify(&secret(1)), Some(link));
    }

    #[test]
    fn an_old_code_is_its_own_id() {
        let text = "5f3a9c21e0b74d6685f3a9c21e0b74d6.room";
        let old = LinkCode::parse(text).expect("valid");
        let link = old.verify(&secret(1)).expect("valid");
        assert_eq!(link.as_str(), text);
        assert_eq!(
            LinkCode::derive(&secret(2), &link, &conversation("room")),
            old
        );
        for bad in [
            "",
            "room",
            "5f3a.room",
            ".room",
            "5F3A9C21E0B74D6685F3A9C21E0B74D6.room",
        ] {
            assert!(
                LinkCode::parse(bad).is_err() && LinkId::parse(bad).is_err(),
                "{bad}"
            );
        }
    }
}
