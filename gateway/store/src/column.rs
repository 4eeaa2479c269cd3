#![expect(unused_qualifications, reason = "one derive repeats a type with its path")]

use std::{fmt, ops::Deref};

use model::{
    AuthorityId, CaseId, Digest, EntryId, EnvelopeDigest, FileId, HeaderDigest, Malformed, PartyId, ReceiptKind,
    Refuser, Step, Verdict,
};
use sea_orm::{
    ActiveValue, ColIdx, DbErr, DeriveValueType, IntoActiveValue, QueryResult, TryFromU64, TryGetError, TryGetable,
    Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

/// A word of the vocabulary as one column holds it.
pub trait Column: Clone {
    /// Bytes for ids and digests, text for names, a small integer for codes.
    type Raw: ValueType + Nullable + TryGetable + Into<Value>;

    /// What is written.
    fn to_raw(&self) -> Self::Raw;

    /// What was read, or why it is no such word.
    fn from_raw(raw: Self::Raw) -> Result<Self, Malformed>;
}

/// A `T` of the vocabulary in a row. Make it with `.into()`; `.0` or `*` is the `T`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored<T>(pub T);

impl<T> From<T> for Stored<T> {
    fn from(word: T) -> Self {
        Self(word)
    }
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Column> From<Stored<T>> for Value {
    fn from(stored: Stored<T>) -> Self {
        stored.0.to_raw().into()
    }
}

impl<T: Column> IntoActiveValue<Self> for Stored<T> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}

impl<T: Column> Nullable for Stored<T> {
    fn null() -> Value {
        T::Raw::null()
    }
}

impl<T: Column> ValueType for Stored<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        T::from_raw(<T::Raw as ValueType>::try_from(value)?).map(Self).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        T::Raw::type_name()
    }

    fn array_type() -> ArrayType {
        T::Raw::array_type()
    }

    fn column_type() -> ColumnType {
        T::Raw::column_type()
    }
}

impl<T: Column> TryGetable for Stored<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let raw = T::Raw::try_get_by(row, index)?;
        // The text that was found stays out: it may be case data of a damaged row.
        T::from_raw(raw).map(Self).map_err(|e| DbErr::Type(format!("a column does not hold {}", e.expected)).into())
    }
}

impl<T: Column> TryFromU64 for Stored<T> {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("a key of the vocabulary"))
    }
}

/// Bytes in a row. Its `Debug` tells their number only.
#[derive(Clone, PartialEq, Eq, Hash, Default, DeriveValueType)]
pub struct Blob(pub Vec<u8>);

impl TryFromU64 for Blob {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("bytes"))
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

macro_rules! bytes_column {
    ($($name:ty),+) => { $(
        impl Column for $name {
            type Raw = Vec<u8>;

            fn to_raw(&self) -> Vec<u8> {
                self.as_bytes().to_vec()
            }

            fn from_raw(raw: Vec<u8>) -> Result<Self, Malformed> {
                <$name as TryFrom<&[u8]>>::try_from(&raw)
            }
        }
    )+ };
}

macro_rules! text_column {
    ($($name:ty),+) => { $(
        impl Column for $name {
            type Raw = String;

            fn to_raw(&self) -> String {
                self.to_string()
            }

            fn from_raw(raw: String) -> Result<Self, Malformed> {
                raw.parse()
            }
        }
    )+ };
}

// The numbers are the database's format: they only grow.
macro_rules! code_column {
    ($name:ident, $expected:literal, { $($variant:ident = $number:literal,)+ }) => {
        impl Column for $name {
            type Raw = i16;

            fn to_raw(&self) -> i16 {
                match self { $($name::$variant => $number,)+ }
            }

            fn from_raw(raw: i16) -> Result<Self, Malformed> {
                match raw {
                    $($number => Ok($name::$variant),)+
                    other => Err(Malformed::new($expected, &other.to_string())),
                }
            }
        }
    };
}

bytes_column!(CaseId, EntryId, FileId, Digest, HeaderDigest, EnvelopeDigest);
text_column!(PartyId, AuthorityId);

code_column!(Verdict, "the number of a verdict (0–3)", { Pending = 0, Admitted = 1, Rejected = 2, Lapsed = 3, });

code_column!(Refuser, "the number of a refuser (0–3)", {
    SendingDesk = 0, OwnGateway = 1, PeerGateway = 2, ReceivingDesk = 3,
});

code_column!(Step, "the number of a step (0–70)", {
    OpenGroup = 0, ChangeGroup = 1, SealSend = 2, Acknowledge = 3, OpenReview = 4, Recognise = 5, Refuse = 6, Assign = 7,
    Collected = 8, Release = 9, Confirm = 10, Close = 11, Withdraw = 12, Violation = 13, Consult = 14,
    ConsultDone = 15, AskInfo = 16, GiveInfo = 17, OfferConditions = 18, AcceptConditions = 19, DeclineConditions = 20,
    Postpone = 21, Resume = 22, PartCollected = 23, MoreToCome = 24, Reject = 25, ReturnRequest = 26,
    Forward = 27, AskRejoin = 28, LodgeRemedy = 29, AnnulDecision = 30, UpholdDecision = 31, FinalReport = 32,
    TakeOver = 33, DisposalDue = 34, Extend = 35, CertifyDisposal = 36, ShareDraft = 37, CommentDraft = 38, Answer =
    39, Prolong = 40, GiveUp = 41, Regularise = 42, TellStatus = 43, RequestUse = 44, RequestOnward = 45,
    NotifyExculpatory = 46, GrantConsent = 47, DenyConsent = 48, NotifyBreach = 49, ConfirmBreach = 50, Recall = 51,
    CertifyShredding = 52, NotifySubject = 53, DeferSubject = 54, ReportError = 55, Triage = 56, Reissue = 57,
    ProposeHearing = 58, AgreeSlot = 59, RecordConsent = 60, TestLink = 61, OpenHearing = 62, DraftMinutes = 63,
    SignMinutes = 64, TransmitMinutes = 65, CancelHearing = 66, CloseMatter = 67,
    ProposeSlots = 68, OpenCallback = 69, AnswerCallback = 70,
});

code_column!(ReceiptKind, "the number of a kind of receipt (0–8)", {
    SubmissionAcceptance = 0, SubmissionRejection = 1, RelayAcceptance = 2, RelayRejection = 3, RelayFailure = 4,
    Delivery = 5, NonDelivery = 6, Retrieval = 7, NonRetrieval = 8,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_codes_stability() {
        for (number, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(step.to_raw()), Ok(number));
            assert_eq!(Step::from_raw(step.to_raw()), Ok(step));
        }
        for (number, kind) in ReceiptKind::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(kind.to_raw()), Ok(number));
            assert_eq!(ReceiptKind::from_raw(kind.to_raw()), Ok(kind));
        }
        assert!(Step::from_raw(71).is_err());
        assert!(Verdict::from_raw(-1).is_err());
    }

    #[test]
    fn a_blob_does_not_show_its_bytes() {
        assert_eq!(format!("{:?}", Blob::from(b"secret".to_vec())), "Blob(6 bytes)");
    }
}
