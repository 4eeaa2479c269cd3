//! What a desk puts into a case file of the story, and what its reader pins.

use std::collections::BTreeMap;

use casefile::{Extent, Held, LeafProof, Material, Pile, RootPin};
use identity::{Domain, certificate_to_pem};
use ledger::{InclusionProof, LeafSalt, Origin, Statement, WitnessName};

use super::{Story, desk, party, treaties};

impl Story {
    /// All that JP's desk and gateway hold of it.
    pub(crate) fn material(&self) -> Material {
        let origin = Origin::new(party("JP"), party("FR")).unwrap();
        let head = self.log.head(origin).sign(&self.jp.ledger).unwrap();
        let at = self.moment().plus_ms(self.ahead[1] + self.cosigned_ahead);
        let cosigned = head.cosign(WitnessName(party("FR")), &self.fr.ledger, at).unwrap();
        let proof = |(index, (statement, salt)): (u64, &(Statement, LeafSalt))| LeafProof {
            statement: *statement,
            salt: *salt,
            inclusion: InclusionProof::prove(self.log.size(), index, &self.rows).unwrap(),
        };
        let leaves: Vec<_> = (0..).zip(&self.leaves).map(proof).collect();
        let roots = [&self.jp, &self.fr]
            .map(|state| (state.root.party(), certificate_to_pem(state.root.certificate().der()).unwrap()));
        let mut material = Material {
            case: self.case,
            home: party("JP"),
            peer: party("FR"),
            exporter: desk("JP:central"),
            made: self.moment(),
            software: "test".to_owned(),
            entries: self.entries.clone(),
            held: Held {
                head: String::from_utf8(head.with(&cosigned)).unwrap(),
                leaves,
                stamps: Vec::new(),
                extent: (String::new(), Vec::new()),
                directories: vec![
                    (party("JP"), 1, self.jp.directory.clone()),
                    (party("FR"), 1, self.fr.directory.clone()),
                ],
                roots: BTreeMap::from(roots),
            },
            treaties: treaties(),
            withheld: Vec::new(),
        };
        self.count(&mut material);
        material
    }

    /// The same, as FR's desk and gateway hold it.
    pub(crate) fn material_of_peer(&self) -> Material {
        let mut material = self.material();
        material.exporter = desk("FR:central");
        self.count(&mut material);
        material
    }

    /// The exporter's gateway states how much there is.
    pub(crate) fn count(&self, material: &mut Material) {
        let by = material.exporter.party();
        let mut extent = Extent {
            case: self.case,
            by,
            at: self.moment().plus_ms(self.ahead[0]),
            entries: Pile::default(),
            receipts: Pile::default(),
            leaves: Pile::default(),
        };
        for entry in &material.entries {
            extent.entries.add(&entry.wire);
            entry.receipts.iter().for_each(|(_, _, bytes)| extent.receipts.add(bytes));
        }
        material.held.leaves.iter().for_each(|leaf| extent.leaves.add(&leaf.to_piled()));
        let text = extent.to_text();
        let state = if by == party("JP") { &self.jp } else { &self.fr };
        let signature = state.ledger.0.sign(Domain::CaseExtent, text.as_bytes());
        material.held.extent = (text, signature);
    }

    /// The exporting desk makes the file of it, and signs.
    pub(crate) fn export(&self, material: &Material) -> Vec<u8> {
        let state = if material.exporter.party() == party("JP") { &self.jp } else { &self.fr };
        casefile::assemble(material, |manifest| state.desk.sign(Domain::CaseFile, manifest)).unwrap()
    }

    /// What the reader pins.
    pub(crate) fn pins(&self) -> Vec<RootPin> {
        let (jp, fr) = (self.jp.root.certificate(), self.fr.root.certificate());
        vec![RootPin::Certificate(Box::new(jp.clone())), RootPin::Fingerprint(fr.party(), fr.fingerprint())]
    }
}
