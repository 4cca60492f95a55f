use std::fmt;

use smol_str::SmolStr;

/// How a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    Email,
    Sms,
    Push,
}

impl Channel {
    /// The channel of this name.
    ///
    /// # Errors
    /// The valid names.
    pub(crate) fn parse(name: &str) -> Result<Self, &'static str> {
        match name {
            "email" => Ok(Self::Email),
            "sms" => Ok(Self::Sms),
            "push" => Ok(Self::Push),
            _ => Err("must be email, sms or push"),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }
}

/// A recipient that a channel can reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    channel: Channel,
    recipient: SmolStr,
}

impl Address {
    /// The address of `recipient` on `channel`: an e-mail address, a phone number, or any device token.
    ///
    /// # Errors
    /// The rule that a recipient on this channel must satisfy.
    pub(crate) fn new(channel: Channel, recipient: &str) -> Result<Self, &'static str> {
        let (fits, rule) = match channel {
            Channel::Email => (is_email_address(recipient), "must be an e-mail address"),
            Channel::Sms => (is_telephone_number(recipient), "must be a phone number, such as +14155550100"),
            Channel::Push => (!recipient.trim().is_empty(), "must be a device token"),
        };
        if fits { Ok(Self { channel, recipient: recipient.into() }) } else { Err(rule) }
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel
    }

    pub(crate) fn recipient(&self) -> &SmolStr {
        &self.recipient
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.recipient, self.channel.name())
    }
}

/// Something on both sides of an `@`, and no blanks. Anything stricter refuses real addresses.
fn is_email_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
        && !text.contains(char::is_whitespace)
}

/// 7 to 15 digits (the most that E.164 allows), optionally after a `+` and in groups.
fn is_telephone_number(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits) && number.bytes().all(|b| b.is_ascii_digit() || b" -.()".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(channel: &str, recipient: &str) -> bool {
        Address::new(Channel::parse(channel).unwrap(), recipient).is_ok()
    }

    #[test]
    fn an_email_goes_to_an_email_address() {
        for valid in ["customer@example.com", "a@b", "\"odd@local\"@example.com", "ü@exämple.org"] {
            assert!(takes("email", valid), "{valid}");
        }
        for invalid in ["", "customer", "@example.com", "customer@", "a b@example.com", "+14155550100"] {
            assert!(!takes("email", invalid), "{invalid}");
        }
    }

    #[test]
    fn an_sms_goes_to_a_telephone_number() {
        for valid in ["+14155550100", "4155550100", "+49 (30) 901-820", "+1.415.555.0100"] {
            assert!(takes("sms", valid), "{valid}");
        }
        for invalid in ["", "+", "112", "++14155550100", "+1415555010012345", "+1415x550100", "a@b.c"] {
            assert!(!takes("sms", invalid), "{invalid}");
        }
    }

    #[test]
    fn a_push_message_goes_to_any_token() {
        assert!(takes("push", "fcm:dGhpcyBpcyBhIHRva2Vu"));
        assert!(!takes("push", " "));
    }

    #[test]
    fn a_channel_reads_back() {
        for channel in [Channel::Email, Channel::Sms, Channel::Push] {
            assert_eq!(Channel::parse(channel.name()), Ok(channel));
        }
        assert!(Channel::parse("fax").is_err());
    }
}
