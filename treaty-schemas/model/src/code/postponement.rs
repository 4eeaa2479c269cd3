use super::{About, Texts, Translations};

pub(super) const P01: About = About {
    sources: &["UNTOC 18(25)", "Budapest 27(5)", "EIO 15"],
    text: Translations {
        fr: "enquête en cours", it: "indagine in corso", ja: "進行中の捜査", zh: "正在进行的侦查"
    },
    explanation: Texts {
        en: "Execution now would harm an investigation, prosecution or trial of the requested party. Wait for the review date; if it is urgent, ask which part can be executed at once.",
        fr: "Une exécution immédiate nuirait à une enquête, à des poursuites ou à un procès de la Partie requise. Attendez la date de réexamen ou, en cas d’urgence, demandez ce qui peut être exécuté sans délai.",
        it: "Un’esecuzione immediata nuocerebbe a un’indagine, a un’azione penale o a un processo della Parte richiesta. Attendere la data di riesame o, in caso d’urgenza, chiedere che cosa può essere eseguito subito.",
        ja: "直ちに実施すると、被請求国の捜査、訴追又は裁判の妨げとなります。見直しの期日を待ち、急を要するときは直ちに実施できる部分を照会してください。",
        zh: "立即执行将妨碍被请求方的侦查、起诉或者审判。请等待复查日期；情况紧急的，请询问哪些部分可以立即执行。",
    },
};

pub(super) const P02: About = About {
    sources: &["EIO 15(1)(b)"],
    text: Translations {
        fr: "objet déjà utilisé comme preuve",
        it: "oggetto già utilizzato come prova",
        ja: "証拠として使用中の物件",
        zh: "物品正作为证据使用",
    },
    explanation: Texts {
        en: "The object or data is still needed as evidence in proceedings of the requested party. Ask for a certified copy meanwhile, or wait for the review date.",
        fr: "L’objet ou les données servent encore de preuve dans une procédure de la Partie requise. Demandez entre-temps une copie certifiée conforme ou attendez la date de réexamen.",
        it: "L’oggetto o i dati servono ancora come prova in un procedimento della Parte richiesta. Chiedere nel frattempo una copia autentica o attendere la data di riesame.",
        ja: "物件又はデータは、被請求国の手続で証拠としてなお必要とされています。その間は認証された写しを求めるか、見直しの期日を待ってください。",
        zh: "该物品或者数据仍需在被请求方的诉讼中作为证据使用。可先请求提供经核证的副本，或者等待复查日期。",
    },
};

pub(super) const P03: About = About {
    sources: &[],
    text: Translations {
        fr: "conservé maintenant, produit plus tard",
        it: "conservato ora, prodotto in seguito",
        ja: "保全済み、後日提出",
        zh: "现已保全，日后提供",
    },
    explanation: Texts {
        en: "The data are preserved and will be produced later. Note when the preservation ends, and before then confirm the request or ask for an extension.",
        fr: "Les données sont conservées et seront produites ultérieurement. Notez l’échéance de la conservation et, avant cette date, confirmez la demande ou sollicitez une prolongation.",
        it: "I dati sono conservati e saranno prodotti in seguito. Annotare la scadenza della conservazione e, prima di allora, confermare la richiesta o chiedere una proroga.",
        ja: "データは保全されており、後日提出されます。保全の期限を記録し、その前に請求を維持する旨を伝えるか、延長を求めてください。",
        zh: "数据已经保全，将在日后提供。请记录保全期限，并在到期前确认请求或者申请延长。",
    },
};

pub(super) const P04: About = About {
    sources: &[],
    text: Translations {
        fr: "en attente de validation ou de traduction",
        it: "in attesa di convalida o traduzione",
        ja: "承認又は翻訳待ち",
        zh: "等待核准或译文",
    },
    explanation: Texts {
        en: "The validation by a judge or prosecutor, or a translation, has yet to arrive. Send it within the case; execution goes on when it is there.",
        fr: "La validation par un juge ou un procureur, ou une traduction, n’est pas encore parvenue. Versez-la au dossier et l’exécution reprendra.",
        it: "Manca ancora la convalida di un giudice o di un pubblico ministero, o una traduzione. Trasmetterla nel fascicolo e l’esecuzione riprenderà.",
        ja: "裁判官若しくは検察官の承認又は翻訳文がまだ届いていません。この事件の中で送付すれば、実施が再開されます。",
        zh: "法官或者检察官的核准文件或者译文尚未送达。请在本案中补送，收到后即恢复执行。",
    },
};

pub(super) const P05: About = About {
    sources: &["EIO 13(2)"],
    text: Translations {
        fr: "recours pendant",
        it: "ricorso pendente",
        ja: "不服申立ての係属中",
        zh: "法律救济尚未终结",
    },
    explanation: Texts {
        en: "A person concerned has brought a legal remedy that suspends execution or transfer. Nothing is asked of you until the court has ruled.",
        fr: "Une personne concernée a formé un recours qui suspend l’exécution ou la transmission. Aucune démarche n’est requise jusqu’à la décision du tribunal.",
        it: "Un interessato ha proposto un ricorso che sospende l’esecuzione o la trasmissione. Fino alla decisione del giudice non occorre fare nulla.",
        ja: "関係者が不服を申し立て、実施又は引渡しが停止されています。裁判所の判断が出るまで、必要な手続はありません。",
        zh: "有关人员已寻求法律救济，执行或者移交因此中止。法院作出裁决之前，无需办理任何手续。",
    },
};
