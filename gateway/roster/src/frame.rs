use model::{Denial, Fault, HeaderDigest, Refusal, RefusalCode, Sealed, limits};

use crate::{Grace, RULE, policy::refuse_form};

const MLS_1_0: u16 = 1;
const PRIVATE_MESSAGE: u16 = 2;
const APPLICATION: u8 = 1;

/// The clear framing of an MLS PrivateMessage [RFC 9420 §6.3]: all that can be known of it without a key. Borrowed, because a
/// body may be megabytes and a gateway reads a hundred bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The group id.
    pub group: &'a [u8],
    /// The epoch it was sealed in.
    pub epoch: u64,
    /// What the sealed body is bound to.
    pub authenticated_data: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the framing of an application message. [`Fault::Malformed`] for anything else.
    pub fn read(sealed: &'a Sealed) -> Result<Self, Denial> {
        if sealed.len() > limits::SEALED_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "the sealed body is larger than an entry may carry"));
        }
        Self::parse(sealed.wire()).ok_or_else(|| {
            Denial::failed(Fault::Malformed, "the sealed body is not an MLS PrivateMessage with application data")
        })
    }

    /// Refuses (R94) a body that is bound to another header.
    pub fn check_header(&self, header: HeaderDigest) -> Result<(), Refusal> {
        if self.authenticated_data == header.as_bytes() {
            return Ok(());
        }
        let reason = "the sealed body is bound to another header";
        Err(Refusal::new(RefusalCode::R94, RULE, reason, "Seal the body for the header it is sent with.").at("payload"))
    }

    /// Holds it against a group in an epoch, and the header it came with: this group, an epoch that is still open, bound to this header
    /// (else R94).
    pub(crate) fn check_in(&self, group: &[u8], epoch: u64, header: HeaderDigest, grace: Grace) -> Result<(), Denial> {
        if self.group != group {
            return Err(refuse_form("payload", "the body is sealed in another group than the case's").into());
        }
        let previous = grace == Grace::PreviousEpoch && Some(self.epoch) == epoch.checked_sub(1);
        if self.epoch > epoch {
            return Err(refuse_form("payload", "the body is sealed in an epoch that is not open yet").into());
        }
        if self.epoch != epoch && !previous {
            return Err(Denial::failed(Fault::StaleEpoch, "the body is sealed in an epoch that has passed"));
        }
        Ok(self.check_header(header)?)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MLS_1_0.to_be_bytes())?;
        let rest = rest.strip_prefix(&PRIVATE_MESSAGE.to_be_bytes())?;
        let (group, rest) = opaque(rest)?;
        let (epoch, rest) = rest.split_first_chunk::<8>()?;
        let rest = rest.strip_prefix(&[APPLICATION])?;
        let (authenticated_data, rest) = opaque(rest)?;
        let (_sender_data, rest) = opaque(rest)?;
        let (_ciphertext, rest) = opaque(rest)?;
        rest.is_empty().then_some(Self { group, epoch: u64::from_be_bytes(*epoch), authenticated_data })
    }
}

/// `opaque<V>`: a length of 1, 2 or 4 bytes in its shortest form, then that many bytes [RFC 9420 §2.1.2].
fn opaque(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = *bytes.first()?;
    let (len, rest, least) = match first >> 6 {
        0 => (usize::from(first), bytes.get(1..)?, 0),
        1 => {
            let (head, rest) = bytes.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*head) & 0x3FFF), rest, 1 << 6)
        }
        2 => {
            let (head, rest) = bytes.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_be_bytes(*head) & 0x3FFF_FFFF).ok()?, rest, 1 << 14)
        }
        _ => return None,
    };
    if len < least { None } else { rest.split_at_checked(len) }
}
