//! The minutes of a consultation: whose keys signed them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use desk::{consultation_hash, consultation_signatures};
use identity::{Domain, TrustStore};
use model::{Denial, Header, Refusal, RefusalCode};
use serde_json::Value;

use crate::office::{Office, then::Then};

impl Office {
    /// Each signature by a key is that of an officer of the authority that it names, by the directories of today or of the day of the step.
    ///
    /// # Errors
    /// R95 with the field.
    pub(in crate::office) async fn hold_consultation(&self, header: &Header, minutes: &Value) -> Result<(), Denial> {
        let hash = consultation_hash(minutes)?;
        for one in consultation_signatures(minutes)? {
            let forged = || {
                let reason = format!("no officer of {} that its directory names signed these minutes", one.authority);
                let remedy =
                    "Let an officer of each side sign them as they are (desk sign-consultation), and send those.";
                Refusal::new(RefusalCode::R95, "desk", reason, remedy).at(one.field.clone())
            };
            let holds = |trust: &TrustStore| -> Result<(), Denial> {
                let authority = trust.authority(&one.authority).ok_or_else(forged)?;
                let officer = authority.officer(&one.key).ok_or_else(forged)?;
                let bytes = BASE64_STANDARD.decode(&one.value).map_err(|_| forged())?;
                Ok(officer.key.verify(Domain::Minutes, hash.as_bytes(), &bytes).map_err(|_| forged())?)
            };
            if !self.trust.store().is_ok_and(|trust| holds(&trust).is_ok()) {
                Then::default().find(self, header.created, [header.home, header.peer], forged().into(), holds).await?;
            }
        }
        Ok(())
    }
}
