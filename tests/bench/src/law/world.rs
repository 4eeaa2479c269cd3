//! A world of states that all have a treaty file, to see what many pairs cost. What the files say of a state is invented.

use std::collections::BTreeSet;

use treaty::Catalog;

/// The members of the United Nations, by ISO 3166-1.
const STATES: &str = "\
    AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO \
    CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ GR GT GW GY HN HR HT HU ID \
    IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK \
    ML MM MN MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PT PW PY QA RO RS RU RW SA SB SC \
    SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TZ UA UG US UY UZ VC VE VN VU WS YE \
    ZA ZM ZW";

/// Conventions that many have ratified. Of these count those that the catalogue has.
const CONVENTIONS: [&str; 6] = ["ets-185", "cets-224", "untoc", "uncac", "un-cybercrime", "ets-030"];

/// Which conventions a kind of state has ratified, by their place in [`CONVENTIONS`], and what it excepts and asks.
struct Template {
    ratified: &'static [usize],
    reserved: &'static [&'static str],
    declared: &'static [(&'static str, &'static str)],
}

const TEMPLATES: [Template; 6] = [
    Template { ratified: &[0, 2, 3, 5], reserved: &[], declared: &[] },
    Template { ratified: &[0, 1, 2], reserved: &[], declared: &[("ets-185:25(5)", "dual_criminality")] },
    Template {
        ratified: &[0, 1, 2, 3, 4],
        reserved: &["cets-224:7"],
        declared: &[("cets-224:8(11)", "central_authority_only")],
    },
    Template { ratified: &[2, 3, 4], reserved: &[], declared: &[] },
    Template { ratified: &[0, 1], reserved: &["cets-224:7"], declared: &[("ets-185:25(5)", "dual_criminality")] },
    Template { ratified: &[0, 1, 2, 3, 5], reserved: &[], declared: &[] },
];

/// The files of a catalogue with so many parties: those that the program was built with, and invented ones beside them.
pub(crate) fn files(catalog: &Catalog, parties: usize) -> Vec<(String, String)> {
    let own: Vec<_> = Catalog::builtin_files().collect();
    let known = CONVENTIONS.map(|id| catalog.instruments().any(|(known, _)| known == id));
    let taken: BTreeSet<_> = own.iter().map(|(path, _)| path.clone()).collect();
    let room = parties.saturating_sub(taken.iter().filter(|path| path.starts_with("parties/")).count());
    let invented = STATES.split_whitespace().zip(TEMPLATES.iter().cycle());
    let invented = invented.map(|(id, template)| (format!("parties/{id}.toml"), party(id, template, &known)));
    let invented = invented.filter(|(path, _)| !taken.contains(path)).take(room);
    own.iter().cloned().chain(invented).collect()
}

fn party(id: &str, template: &Template, known: &[bool]) -> String {
    let mut text = format!("format = \"party/1\"\nid = \"{id}\"\nname = \"State {id}\"\n");
    let ratified = template.ratified.iter().filter(|at| known.get(**at).is_some_and(|known| *known));
    let ratified: Vec<_> = ratified.filter_map(|at| CONVENTIONS.get(*at)).collect();
    let bound = |article: &str| ratified.iter().any(|id| article.split(':').next() == Some(**id));
    for instrument in &ratified {
        text += &format!(
            "\n[[treaty]]\ninstrument = \"{instrument}\"\nsigned = 2010-01-01\nratified = 2012-01-01\n\
             in_force = 2024-01-01\nverified = false\n"
        );
    }
    for article in template.reserved.iter().filter(|article| bound(article)) {
        text += &format!("\n[[reservation]]\narticle = \"{article}\"\nverified = false\n");
    }
    for (article, rule) in template.declared.iter().filter(|(article, _)| bound(article)) {
        text += &format!("\n[[declaration]]\narticle = \"{article}\"\nrule = \"{rule}\"\nverified = false\n");
    }
    for kind in ["central", "24x7"] {
        text += &format!("\n[[authority]]\nkind = \"{kind}\"\nname = \"Authority\"\nlanguages = [\"en\"]\n");
    }
    text
}
