//! A follower as one value of the database.

use model::{Denial, Digest, Fault};
use tls_codec::{Deserialize, Serialize, TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{CaseBinding, Follower, Seat, Seats, state::State};

/// Raised when the layout, or the encoding of openmls within it, changes.
const VERSION: u16 = 1;

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct Stored {
    version: u16,
    binding: VLBytes,
    group: VLBytes,
    epoch: u64,
    seats: Vec<StoredSeat>,
    tree: VLBytes,
    context: VLBytes,
    transcript: VLBytes,
    tag: VLBytes,
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct StoredSeat {
    leaf: u32,
    credential: [u8; 32],
    authority: VLBytes,
}

impl Follower {
    /// The follower as bytes: equal followers have equal bytes. About 10 KB for three desks. It holds no secret, but it is
    /// trusted when it is read back: keep it where only the gateway writes.
    pub fn to_blob(&self) -> Result<Vec<u8>, Denial> {
        let seat = |(leaf, seat): (&u32, &Seat)| StoredSeat {
            leaf: *leaf,
            credential: *seat.credential.as_bytes(),
            authority: seat.authority.to_string().into_bytes().into(),
        };
        let stored = Stored {
            version: VERSION,
            binding: self.binding.encode().into(),
            group: self.group.clone().into(),
            epoch: self.epoch,
            seats: self.seats.iter().map(seat).collect(),
            tree: self.state.tree.clone().into(),
            context: self.state.context.clone().into(),
            transcript: self.state.transcript.clone().into(),
            tag: self.state.tag.clone().into(),
        };
        stored.tls_serialize_detached().map_err(|_| Denial::failed(Fault::Internal, "a group too large to store"))
    }

    /// The follower that [`Follower::to_blob`] wrote. [`Fault::Storage`] when it is not one.
    pub fn from_blob(blob: &[u8]) -> Result<Self, Denial> {
        let foreign = || Denial::failed(Fault::Storage, "the stored roster of a case cannot be read");
        let stored = Stored::tls_deserialize_exact(blob).map_err(|_| foreign())?;
        if stored.version != VERSION {
            return Err(foreign());
        }
        let mut seats = Seats::default();
        for seat in &stored.seats {
            let authority = std::str::from_utf8(seat.authority.as_slice()).map_err(|_| foreign())?;
            let authority = authority.parse().map_err(|_| foreign())?;
            seats.insert(seat.leaf, Seat { authority, credential: Digest::new(seat.credential) });
        }
        Ok(Self {
            binding: CaseBinding::decode(stored.binding.as_slice()).map_err(|_| foreign())?,
            group: stored.group.into(),
            epoch: stored.epoch,
            seats,
            state: State {
                tree: stored.tree.into(),
                context: stored.context.into(),
                transcript: stored.transcript.into(),
                tag: stored.tag.into(),
            },
        })
    }
}
