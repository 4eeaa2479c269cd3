//! Two states with real keys, and what each believes of the other.

use identity::{Authority, Commitments, Directory, Officer, Root, RootOpening, SigningKey, TrustStore};
use jiff::civil::Date;
use model::{AuthorityId, AuthorityKind, PartyId, Role, Timestamp};
use treaty::{Catalog, Rule};

use crate::failure::Failure;

/// 22 November 2026, 00:00 UTC.
pub(super) const NOW: Timestamp = Timestamp(1_795_305_600_000);
const DAY: Date = Date::constant(2026, 11, 22);
const YEAR_MS: i64 = 365 * 24 * 3_600_000;
/// The quota of the catalogue, and one that a short run comes to.
const QUOTA: (&str, &str) = ("max_requests = 2000\n", "max_requests = 2\n");
/// How many requests the rule lets one party ask of the other in a year.
pub(super) const QUOTA_MAX: u32 = 2;

/// A state: its desk, four officers who hold every role, and a judge.
pub(super) struct State {
    pub(super) desk_id: AuthorityId,
    pub(super) court: AuthorityId,
    pub(super) desk: SigningKey,
    pub(super) officers: [SigningKey; 4],
    pub(super) judge: SigningKey,
    pub(super) trust: TrustStore,
}

/// Both states, and the rule between them.
pub(super) struct Cast {
    /// The requesting one first.
    pub(super) both: [State; 2],
    pub(super) rule: Rule,
}

struct Unsigned {
    root: Root,
    desk: SigningKey,
    officers: [SigningKey; 4],
    judge: SigningKey,
    directory: Directory,
    opening: RootOpening,
}

impl Cast {
    /// Draws all keys. What is decided does not depend on them.
    pub(super) fn draw() -> Result<Self, Failure> {
        let parties: [PartyId; 2] = ["JP".parse()?, "FR".parse()?];
        let files = Catalog::builtin_files().map(|(path, text)| {
            let text = if path.contains("budapest") { text.replace(QUOTA.0, QUOTA.1) } else { text };
            (path, text)
        });
        let catalog = Catalog::load(files)
            .map_err(|wrong| Failure::unexpected(format!("{} mistakes in the catalogue", wrong.len())))?;
        let roots = [Root::generate(parties[0], NOW), Root::generate(parties[1], NOW)];
        let [first, second] = roots;
        let (first, second) = (first.map_err(unexpected)?, second.map_err(unexpected)?);
        let a = Unsigned::draw(parties[0], first, &second)?;
        let certificate = a.root.certificate().clone();
        let b = Unsigned::over(parties[1], second, RootOpening::draw(certificate).map_err(unexpected)?)?;
        let signed = |one: &Unsigned| {
            one.root.sign_directory(&one.directory, std::slice::from_ref(&one.opening)).map_err(unexpected)
        };
        let (of_a, of_b) = (signed(&a)?, signed(&b)?);
        let trust_a = TrustStore::new(a.root.certificate().der(), &of_a, std::slice::from_ref(&of_b), NOW)?;
        let trust_b = TrustStore::new(b.root.certificate().der(), &of_b, std::slice::from_ref(&of_a), NOW)?;
        let both = [a.into_state(parties[0], trust_a)?, b.into_state(parties[1], trust_b)?];
        Ok(Self { both, rule: catalog.rule(parties[0], parties[1], DAY) })
    }
}

fn unexpected(error: impl std::fmt::Display) -> Failure {
    Failure::unexpected(error.to_string())
}

impl Unsigned {
    fn draw(party: PartyId, root: Root, other: &Root) -> Result<Self, Failure> {
        Self::over(party, root, RootOpening::draw(other.certificate().clone()).map_err(unexpected)?)
    }

    fn over(party: PartyId, root: Root, opening: RootOpening) -> Result<Self, Failure> {
        let key = || SigningKey::generate().map_err(unexpected);
        let (ledger, desk, judge) = (key()?, key()?, key()?);
        let officers = [key()?, key()?, key()?, key()?];
        let roles = [Role::Officer, Role::Central, Role::Decider, Role::Executing, Role::Custodian];
        let listed = |place: usize, key: &SigningKey, roles: &[Role]| Officer {
            pseudonym: format!("A-{place}"),
            key: key.verifying_key(),
            roles: roles.iter().copied().collect(),
        };
        let authority = |name: &str, kind, desk: &SigningKey, officers| -> Result<Authority, Failure> {
            let id = AuthorityId::new(party, name)?;
            Ok(Authority { id, kind, title: name.to_owned(), desk_key: desk.verifying_key(), officers })
        };
        let own = officers.iter().enumerate().map(|(place, key)| listed(place, key, &roles)).collect();
        let authorities = vec![
            authority("central", AuthorityKind::Central, &desk, own)?,
            authority("court", AuthorityKind::Judicial, &key()?, vec![listed(9, &judge, &[Role::Judge])])?,
        ];
        let directory = Directory {
            party,
            version: 1,
            issued: NOW,
            expires: NOW.plus_ms(YEAR_MS),
            ledger_key: ledger.verifying_key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: root.certificate().der().to_vec(),
            trusted: Commitments::to(std::slice::from_ref(&opening)).map_err(unexpected)?,
            authorities,
        };
        Ok(Self { root, desk, officers, judge, directory, opening })
    }

    fn into_state(self, party: PartyId, trust: TrustStore) -> Result<State, Failure> {
        let (desk_id, court) = (AuthorityId::new(party, "central")?, AuthorityId::new(party, "court")?);
        Ok(State { desk_id, court, desk: self.desk, officers: self.officers, judge: self.judge, trust })
    }
}
