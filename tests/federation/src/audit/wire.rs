//! The MLS messages that lie in a gateway's database [RFC 9420 §6, §7, §10, §12], read as far as an attacker needs them. Written apart from
//! `seal` and `roster`, so that the verifier shares no mistake with what it verifies.

/// A reader of the presentation language [RFC 9420 §2.1]. `None` everywhere: not what it should be.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    /// `opaque x<V>`: the two first bits of the length say how many bytes it has.
    pub(crate) fn opaque(&mut self) -> Option<&'a [u8]> {
        let first = *self.0.first()?;
        let bytes = self.take(1 << (first >> 6))?;
        let len = bytes.iter().fold(0_usize, |len, byte| (len << 8) | usize::from(*byte));
        let prefix = 8 * bytes.len() - 2;
        self.take(len & ((1 << prefix) - 1))
    }
}

/// A sealed body: what everybody sees of it, and the two ciphertexts [§6.3].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrivateMessage {
    pub(crate) group: Vec<u8>,
    pub(crate) epoch: u64,
    content_type: u8,
    authenticated_data: Vec<u8>,
    pub(crate) sender_data: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
}

/// What brings new members in [§12.4.3.1].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Welcome {
    /// Encapsulated key and ciphertext, one for each new member.
    pub(crate) secrets: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) group_info: Vec<u8>,
}

/// What is public of an epoch [§12.4.3].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GroupInfo {
    pub(crate) group: Vec<u8>,
    pub(crate) epoch: u64,
    /// The GroupContext as it goes into the key schedule.
    pub(crate) context: Vec<u8>,
    /// The public keys of the leaves and of the nodes above them.
    pub(crate) keys: Vec<Vec<u8>>,
    /// The certificates of the leaves with a member, DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Leaves with a member.
    pub(crate) leaves: Vec<u32>,
    /// Leaves of the full tree.
    pub(crate) width: u32,
}

const MLS_1_0: u16 = 1;
const RATCHET_TREE: u16 = 2;
const X509: u16 = 2;

fn message(bytes: &[u8], wire_format: u16) -> Option<Reader<'_>> {
    let mut reader = Reader(bytes);
    (reader.u16()? == MLS_1_0 && reader.u16()? == wire_format).then_some(reader)
}

impl PrivateMessage {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = message(bytes, 2)?;
        let read = Self {
            group: reader.opaque()?.to_vec(),
            epoch: reader.u64()?,
            content_type: reader.u8()?,
            authenticated_data: reader.opaque()?.to_vec(),
            sender_data: reader.opaque()?.to_vec(),
            ciphertext: reader.opaque()?.to_vec(),
        };
        reader.0.is_empty().then_some(read)
    }

    /// SenderDataAAD [§6.3.2].
    pub(crate) fn sender_aad(&self) -> Vec<u8> {
        [&opaque(&self.group)[..], &self.epoch.to_be_bytes(), &[self.content_type]].concat()
    }

    /// PrivateContentAAD [§6.3.1].
    pub(crate) fn content_aad(&self) -> Vec<u8> {
        [self.sender_aad(), opaque(&self.authenticated_data)].concat()
    }
}

/// The body in an opened PrivateMessageContent [§6.3.1].
pub(crate) fn application_data(content: &[u8]) -> Option<&[u8]> {
    Reader(content).opaque()
}

impl Welcome {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = message(bytes, 3)?;
        reader.u16()?;
        let mut each = Reader(reader.opaque()?);
        let mut secrets = Vec::new();
        while !each.0.is_empty() {
            each.opaque()?;
            secrets.push((each.opaque()?.to_vec(), each.opaque()?.to_vec()));
        }
        Some(Self { secrets, group_info: reader.opaque()?.to_vec() })
    }
}

impl GroupInfo {
    /// As an MLSMessage, from a handshake.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Self::body(message(bytes, 4)?)
    }

    /// As it stands in a Welcome, decrypted.
    pub(crate) fn read_bare(bytes: &[u8]) -> Option<Self> {
        Self::body(Reader(bytes))
    }

    fn body(mut reader: Reader<'_>) -> Option<Self> {
        let begin = reader.0;
        let mut read = Self::default();
        reader.take(4)?;
        read.group = reader.opaque()?.to_vec();
        read.epoch = reader.u64()?;
        // Tree hash, transcript hash, extensions of the context.
        for _ in 0..3 {
            reader.opaque()?;
        }
        read.context = begin.get(..begin.len() - reader.0.len())?.to_vec();
        let mut extensions = Reader(reader.opaque()?);
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let data = extensions.opaque()?;
            if kind == RATCHET_TREE {
                read.tree(Reader(data).opaque()?)?;
            }
        }
        Some(read)
    }

    fn tree(&mut self, nodes: &[u8]) -> Option<()> {
        let mut reader = Reader(nodes);
        let mut count = 0_u32;
        while !reader.0.is_empty() {
            if reader.u8()? == 1 {
                match reader.u8()? {
                    1 => {
                        let [key, certificate] = leaf(&mut reader)?;
                        self.keys.push(key);
                        self.certificates.push(certificate);
                        self.leaves.push(count / 2);
                    }
                    2 => {
                        self.keys.push(reader.opaque()?.to_vec());
                        reader.opaque()?;
                        reader.opaque()?;
                    }
                    _ => return None,
                }
            }
            count += 1;
        }
        self.width = count.div_ceil(2).next_power_of_two();
        Some(())
    }
}

/// The init key and the leaf's key of a KeyPackage [§10].
pub(crate) fn key_package_keys(bytes: &[u8]) -> Option<[Vec<u8>; 2]> {
    let mut reader = message(bytes, 5)?;
    reader.take(4)?;
    let init = reader.opaque()?.to_vec();
    let [key, _] = leaf(&mut reader)?;
    Some([init, key])
}

/// Reads a LeafNode to its end, and gives its encryption key and the certificate that its credential begins with [§5.3, §7.2].
fn leaf(reader: &mut Reader<'_>) -> Option<[Vec<u8>; 2]> {
    let key = reader.opaque()?.to_vec();
    reader.opaque()?;
    if reader.u16()? != X509 {
        return None;
    }
    let certificate = Reader(reader.opaque()?).opaque()?.to_vec();
    // The five lists of the capabilities.
    for _ in 0..5 {
        reader.opaque()?;
    }
    match reader.u8()? {
        1 => drop(reader.take(16)?),
        2 => {}
        3 => drop(reader.opaque()?),
        _ => return None,
    }
    reader.opaque()?;
    reader.opaque()?;
    Some([key, certificate])
}

/// `opaque x<V>` as it is written.
pub(crate) fn opaque(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len();
    let prefix = if len < 0x40 {
        vec![len as u8]
    } else if len < 0x4000 {
        (len as u16 | 0x4000).to_be_bytes().to_vec()
    } else {
        (len as u32 | 0x8000_0000).to_be_bytes().to_vec()
    };
    [&prefix, bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_as_it_was_written_at_each_of_its_widths() {
        for len in [0, 1, 63, 64, 300, 16_383, 16_384, 70_000] {
            let bytes = vec![7; len];
            let written = opaque(&bytes);
            let mut reader = Reader(&written);
            assert_eq!(reader.opaque(), Some(&bytes[..]));
            assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let written = [&[0, 1, 0, 2][..], &opaque(b"group"), &7_u64.to_be_bytes(), &[1], &opaque(b"aad")].concat();
        let whole = [written, opaque(b"sender"), opaque(b"body")].concat();
        let read = PrivateMessage::read(&whole);
        assert_eq!(read.as_ref().map(|read| (read.epoch, read.ciphertext.as_slice())), Some((7, &b"body"[..])));
        for len in 0..whole.len() {
            assert_eq!(PrivateMessage::read(&whole[..len]), None);
        }
    }
}
