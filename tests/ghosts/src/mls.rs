//! The little of the presentation language of MLS that it takes to read and write a message by hand [RFC 9420 §2.1].

/// What is left to be read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// So many bytes.
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
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

/// What is public of an epoch, as far as a message is bound to it [§12.4.3].
pub(crate) struct Public<'a> {
    pub(crate) group: &'a [u8],
    pub(crate) epoch: u64,
    /// The GroupContext as it is signed with.
    pub(crate) context: &'a [u8],
}

impl<'a> Public<'a> {
    /// Out of a GroupInfo in an MLSMessage, as it comes with a handshake.
    pub(crate) fn read(group_info: &'a [u8]) -> Option<Self> {
        let bytes = group_info.strip_prefix(&[0, 1, 0, 4])?;
        let mut reader = Reader(bytes);
        reader.take(4)?;
        let group = reader.opaque()?;
        let epoch = u64::from_be_bytes(reader.take(8)?.try_into().ok()?);
        // Tree hash, transcript hash, extensions of the context.
        for _ in 0..3 {
            reader.opaque()?;
        }
        let context = bytes.get(..bytes.len() - reader.0.len())?;
        Some(Self { group, epoch, context })
    }
}
