use model::Language;

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident => [$en:literal, $fr:literal, $it:literal, $ja:literal, $zh:literal],)+) => {
        /// A word on the form. A language that is missing does not compile.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Label { $($(#[$doc])* $name,)+ }

        impl Label {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in `language`.
            pub fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $en,
                    (Self::$name, Language::French) => $fr,
                    (Self::$name, Language::Italian) => $it,
                    (Self::$name, Language::Japanese) => $ja,
                    (Self::$name, Language::SimplifiedChinese) => $zh,)+
                }
            }
        }
    };
}

labels! {
    /// The request may pass.
    Allowed => ["allowed", "autorisé", "consentito", "許可", "允许"],
    /// The request may not pass.
    Refused => ["refused", "refusé", "rifiutato", "拒否", "拒绝"],
    /// The file of a rule.
    Rule => ["rule", "règle", "norma", "規則", "规则"],
    /// What fails.
    Field => ["field", "champ", "campo", "項目", "字段"],
    /// What to do.
    Remedy => ["what to do", "que faire", "che fare", "対処", "如何处理"],
    /// Whose rule it is.
    Owner => ["set by", "fixé par", "stabilito da", "定めた者", "规定者"],
    /// Of both.
    BothParties => ["both parties", "les deux parties", "entrambe le parti", "両当事国", "双方"],
    /// On which clause it rests.
    Basis => ["legal basis", "base légale", "base giuridica", "法的根拠", "法律依据"],
    /// Nobody is compelled.
    Voluntary => ["voluntary, no compulsion", "volontaire, sans contrainte", "volontario, senza coercizione", "任意(強制なし)", "自愿,无强制"],
    /// Not read in the text.
    Unverified => ["not yet checked against the text of the treaty", "pas encore vérifié sur le texte du traité", "non ancora verificato sul testo del trattato", "条約本文との照合は未了", "尚未与条约文本核对"],
    /// What may be answered.
    Records => ["record types", "types de données", "tipi di dati", "記録の種類", "记录类型"],
    /// Who validates.
    Validators => ["validated by", "validé par", "convalidato da", "承認者", "批准人"],
    /// How many subjects.
    Subjects => ["subjects, at most", "personnes visées, au plus", "soggetti, al massimo", "対象数の上限", "对象数上限"],
    /// How many days.
    Days => ["days, at most", "jours, au plus", "giorni, al massimo", "日数の上限", "天数上限"],
    /// How many bytes.
    Bytes => ["size of the answer, at most", "taille de la réponse, au plus", "dimensione della risposta, al massimo", "回答の容量の上限", "答复大小上限"],
    /// Which attributes.
    Attributes => ["attributes", "attributs", "attributi", "属性", "属性"],
    /// The highest mark.
    Classification => ["marked at most", "classification maximale", "classifica massima", "秘密区分の上限", "密级上限"],
    /// Caps of a period.
    Quotas => ["quotas", "quotas", "contingenti", "割当", "配额"],
    /// Declared.
    DualCriminality => ["dual criminality declared", "double incrimination déclarée", "doppia incriminazione dichiarata", "双罰性の宣言", "已声明双重犯罪"],
    /// Without a human.
    Automatic => ["may be answered automatically", "peut recevoir une réponse automatique", "può ricevere risposta automatica", "自動回答可", "可自动答复"],
    /// Given unasked.
    Spontaneous => ["given without a request", "communiqué sans demande", "trasmesso senza richiesta", "要請によらない自発的提供", "未经请求主动提供"],
    /// Clocks of a clause.
    LegalClocks => ["time limits of the treaty", "délais du traité", "termini del trattato", "条約上の期限", "条约期限"],
    /// Clocks of policy.
    PolicyClocks => ["time limits of policy", "délais de pratique", "termini di prassi", "運用上の期限", "惯例期限"],
    /// Grounds.
    MustRefuse => ["must be refused for", "doit être refusé pour", "va rifiutato per", "拒否しなければならない理由", "必须拒绝的理由"],
    /// Grounds.
    MayRefuse => ["may be refused for", "peut être refusé pour", "può essere rifiutato per", "拒否できる理由", "可以拒绝的理由"],
    /// For humans.
    Judgements => ["judged by humans", "apprécié par des personnes", "valutato da persone", "人が判断する事項", "由人判断"],
    /// Grounds.
    Postponements => ["may be postponed for", "peut être différé pour", "può essere rinviato per", "延期できる理由", "可以推迟的理由"],
    /// Conditions.
    Conditions => ["conditions", "conditions", "condizioni", "条件", "条件"],
    /// Before a refusal.
    Consult => ["consultation before a refusal", "consultation avant un refus", "consultazione prima di un rifiuto", "拒否前の協議", "拒绝前的协商"],
    /// Before the review.
    MinistryNotice => ["its ministry is told before the review", "son ministère est avisé avant l'examen", "il suo ministero è avvisato prima dell'esame", "審査の前に所管省へ通知", "审查前须通知其主管部门"],
    /// Before a grant.
    CourtOrder => ["granted by the order of a court", "accordé sur décision d'un tribunal", "concesso per ordine di un tribunale", "裁判所の命令により許可", "须凭法院命令准予"],
    /// Call back.
    Callback => ["call back before an emergency is granted", "rappel avant d'accorder une urgence", "richiamata prima di accordare un'urgenza", "緊急時は折返し確認の後に許可", "批准紧急请求前须回拨确认"],
    /// Hours.
    ExPost => ["hours until the ordinary request", "heures jusqu'à la demande ordinaire", "ore fino alla richiesta ordinaria", "通常の請求までの時間", "补交普通请求的小时数"],
    /// For what.
    Purposes => ["may be used for", "utilisable pour", "utilizzabile per", "使用目的", "可用于"],
    /// Named proceeding.
    Specialty => ["for the named proceeding only", "pour la procédure indiquée seulement", "solo per il procedimento indicato", "記載された手続に限る", "仅限所述程序"],
    /// To others.
    Onward => ["onward transfer", "transfert ultérieur", "trasferimento ulteriore", "再移転", "再转移"],
    /// Who reads.
    Readers => ["may be read by", "lisible par", "leggibile da", "閲覧できる機関", "可阅读机关"],
    /// Days.
    Retention => ["kept at most, in days", "conservé au plus, en jours", "conservato al massimo, in giorni", "保存日数の上限", "保存天数上限"],
    /// Which are read.
    Languages => ["languages", "langues", "lingue", "言語", "语言"],
    /// All checks.
    Trace => ["checks", "contrôles", "controlli", "検査", "检查"],
    /// One.
    Check => ["check", "contrôle", "controllo", "検査項目", "检查项"],
    /// Of the request.
    Measure => ["measure", "mesure", "misura", "措置", "措施"],
    /// Looked at.
    Input => ["looked at", "examiné", "esaminato", "検査対象", "所查内容"],
    /// How it ended.
    Outcome => ["outcome", "résultat", "esito", "結果", "结果"],
    /// Outcome.
    Pass => ["pass", "passé", "superato", "合格", "通过"],
    /// Outcome.
    Fail => ["fail", "échec", "fallito", "不合格", "未通过"],
    /// Outcome.
    Human => ["left to a human", "laissé à une personne", "lasciato a una persona", "人に委ねる", "由人决定"],
}
