use model::{Language, Step};

/// What stands before everything that a simulated authority says.
pub fn training_banner(language: Language) -> &'static str {
    match language {
        Language::English => "TRAINING – simulated authority",
        Language::French => "FORMATION – autorité simulée",
        Language::Italian => "ESERCITAZIONE – autorità simulata",
        Language::Japanese => "訓練 – 模擬機関",
        Language::SimplifiedChinese => "培训 – 模拟机关",
    }
}

/// What it writes with a step.
pub(super) fn of(step: Step, language: Language, question: Option<&str>, choice: u64) -> String {
    let banner = training_banner(language);
    let words = match (step, question) {
        (Step::AskInfo, Some(question)) => question,
        (Step::AskInfo, None) => {
            let questions = questions(language);
            let at = usize::try_from(choice % questions.len() as u64).unwrap_or(0);
            questions[at]
        }
        _ => said(step, language),
    };
    format!("{banner}\n{words}")
}

fn questions(language: Language) -> [&'static str; 3] {
    match language {
        Language::English => [
            "In which time zone are the times of the request?",
            "How does what is asked bear on the facts?",
            "Is the account known to be used by one person only?",
        ],
        Language::French => [
            "Dans quel fuseau horaire les heures de la demande sont-elles indiquées ?",
            "Quel est le lien entre ce qui est demandé et les faits ?",
            "Sait-on si le compte n'est utilisé que par une seule personne ?",
        ],
        Language::Italian => [
            "In quale fuso orario sono indicati gli orari della richiesta?",
            "Che rapporto c'è tra quanto richiesto e i fatti?",
            "È noto se l'account è usato da una sola persona?",
        ],
        Language::Japanese => [
            "請求書の時刻はどの時間帯によるものですか。",
            "求められている資料は事実とどのように関係しますか。",
            "当該アカウントは一人だけが利用していると判明していますか。",
        ],
        Language::SimplifiedChinese => {
            ["请求书中的时间采用哪个时区？", "所请求的材料与案件事实有何关联？", "是否已知该账户仅由一人使用？"]
        }
    }
}

/// One sentence for each step, in each language: acknowledgement, recognition, refusal, conditions, consultation, and else that the
/// case goes on.
fn said(step: Step, language: Language) -> &'static str {
    let [received, recognised, refused, offered, consult, other] = match language {
        Language::English => [
            "The request was received.",
            "The request is recognised.",
            "The request is refused on the ground that is named.",
            "The request can be accepted under the conditions that are named.",
            "Before a refusal we wish to consult.",
            "The case goes on.",
        ],
        Language::French => [
            "La demande a été reçue.",
            "La demande est reconnue.",
            "La demande est refusée pour le motif indiqué.",
            "La demande peut être acceptée aux conditions indiquées.",
            "Avant un refus, nous souhaitons vous consulter.",
            "Le dossier suit son cours.",
        ],
        Language::Italian => [
            "La richiesta è stata ricevuta.",
            "La richiesta è riconosciuta.",
            "La richiesta è rifiutata per il motivo indicato.",
            "La richiesta può essere accettata alle condizioni indicate.",
            "Prima di un rifiuto desideriamo consultarvi.",
            "Il caso prosegue.",
        ],
        Language::Japanese => [
            "請求を受領しました。",
            "請求を承認します。",
            "示した理由により請求を拒否します。",
            "示した条件の下で請求を受け入れることができます。",
            "拒否に先立ち協議を求めます。",
            "手続を進めています。",
        ],
        Language::SimplifiedChinese => [
            "已收到请求。",
            "请求获得承认。",
            "基于所述理由拒绝请求。",
            "可在所述条件下接受请求。",
            "在拒绝之前，我方希望进行磋商。",
            "案件正在办理。",
        ],
    };
    match step {
        Step::Acknowledge => received,
        Step::Recognise => recognised,
        Step::Refuse => refused,
        Step::OfferConditions => offered,
        Step::Consult => consult,
        _ => other,
    }
}
