//! A desk with real keys that keeps to no rule.

use desk::RequestBody;
use identity::TrustStore;
use jiff::civil::Date;
use model::{AuthorityId, CaseId, Denial, Entry, HeaderDigest, PartyId, Payload, Pin, SignedReceipt, Step};
use roster::CaseBinding;
use seal::Member;
use treaty::Catalog;

use super::{
    forge::{self, Sealing},
    keys::DeskKeys,
    line::Line,
};
use crate::{clock, documents, failure::Failure};

/// The desk, and its line to the gateway that shall refuse.
pub(crate) struct Adversary {
    pub(crate) keys: DeskKeys,
    pub(crate) trust: TrustStore,
    pub(crate) line: Line,
    catalog: Catalog,
    today: Date,
}

/// A case that it opened.
pub(crate) struct Opened {
    pub(crate) id: CaseId,
    pub(crate) recipient: AuthorityId,
    pub(crate) pin: Pin,
    pub(crate) member: Member,
    /// The newest header of the case.
    pub(crate) head: HeaderDigest,
    /// The entry that opened it, and the first answer to it.
    pub(crate) opening: (Entry, SignedReceipt),
}

impl Adversary {
    pub(crate) fn new(keys: DeskKeys, trust: TrustStore, line: Line, today: Date) -> Result<Self, Failure> {
        let catalog = Catalog::builtin().map_err(|_| Failure::unexpected("the built-in catalogue has errors"))?;
        Ok(Self { keys, trust, line, catalog, today })
    }

    /// Whose desk it is.
    pub(crate) fn party(&self) -> PartyId {
        self.keys.authority.party()
    }

    /// Makes the entry that opens a case with `recipient`.
    pub(crate) async fn prepare(&mut self, recipient: &AuthorityId) -> Result<(Entry, Member, Pin), Failure> {
        let key_package = self.line.claim(recipient, &self.keys.authority).await?;
        let case = CaseId::new(documents::new_uuid()?);
        let pin = self.catalog.rule(self.party(), recipient.party(), self.today).pin();
        let binding = CaseBinding::new(case, pin, self.party(), recipient.party());
        let now = clock::now();
        let mut member = Member::create(&self.keys.leaf, &binding, &self.trust, now)?;
        let handshake = member.add(&[key_package], &self.trust, now)?;
        let header = forge::header(&self.keys.authority, recipient, case, pin, HeaderDigest::GENESIS, Step::OpenGroup)?;
        Ok((forge::signed(&self.keys, header, Payload::Handshake(handshake)), member, pin))
    }

    /// Opens a case with `recipient`, as any desk does.
    pub(crate) async fn open(&mut self, recipient: &AuthorityId) -> Result<Opened, Failure> {
        let (entry, mut member, pin) = self.prepare(recipient).await?;
        let receipt =
            self.line.deliver(&entry).await.map_err(|denial| Failure::from(denial).during("opening a case"))?;
        let certificate = self.line.certificate(&receipt, &self.trust).await?;
        member.merge(&certificate)?;
        let (id, head) = (entry.header.case, entry.header_digest());
        Ok(Opened { id, recipient: recipient.clone(), pin, member, head, opening: (entry, receipt) })
    }

    /// A request whose header says what `declared` does and whose sealed body is `body`. Officers and judge sign whatever it says.
    pub(crate) fn request(
        &self,
        case: &mut Opened,
        declared: &RequestBody,
        body: &RequestBody,
    ) -> Result<Entry, Failure> {
        let sealing = Sealing::of(&self.keys, body)?;
        let mut header =
            forge::header(&self.keys.authority, &case.recipient, case.id, case.pin, case.head, Step::SealSend)?;
        let declaration = desk::declare(declared)?;
        header.measures = declaration.measures;
        header.purpose = Some(declaration.purpose);
        header.offence = declaration.offence;
        header.body = Some(sealing.commitment());
        self.seal(case, header, &sealing)
    }

    /// Has a header validated, seals the body to it, and signs.
    pub(crate) fn seal(
        &self,
        case: &mut Opened,
        mut header: model::Header,
        sealing: &Sealing,
    ) -> Result<Entry, Failure> {
        forge::validate(&self.keys, &mut header)?;
        let digest = HeaderDigest::of(&proto::encode_header(&header));
        let sealed = case.member.seal(&sealing.plaintext()?, digest)?;
        Ok(forge::signed(&self.keys, header, Payload::Sealed(sealed)))
    }

    /// Hands an entry over.
    pub(crate) async fn deliver(&mut self, entry: &Entry) -> Result<SignedReceipt, Denial> {
        self.line.deliver(entry).await
    }
}
