use super::{About, Texts, Translations};

pub(super) const C01: About = About {
    sources: &["UNTOC 18(19)", "MACMA 20(1)(j)", "Budapest 28"],
    text: Translations {
        fr: "utilisation limitée à la procédure indiquée",
        it: "uso limitato al procedimento indicato",
        ja: "指定された手続に限る使用",
        zh: "仅限用于指明的诉讼程序",
    },
    explanation: Texts {
        en: "The material may be used only in the proceedings that the request names (specialty). For any other use, ask the requested party for consent first.",
        fr: "Les éléments ne peuvent être utilisés que dans la procédure indiquée dans la demande (principe de spécialité). Pour tout autre usage, demandez d’abord le consentement de la Partie requise.",
        it: "Il materiale può essere usato solo nel procedimento indicato nella richiesta (principio di specialità). Per ogni altro uso chiedere prima il consenso della Parte richiesta.",
        ja: "資料は、請求に示された手続以外に使用することができません（特定性の原則）。他の目的に使用するときは、事前に被請求国の同意を得てください。",
        zh: "材料只能用于请求所指明的诉讼程序（特定性原则）。用于其他目的的，须事先征得被请求方同意。",
    },
};

pub(super) const C02: About = About {
    sources: &[],
    text: Translations {
        fr: "pas de communication à la défense avant une date fixée",
        it: "nessuna comunicazione alla difesa prima di una data fissata",
        ja: "期日前の弁護側への開示禁止",
        zh: "指定日期前不得向辩方披露",
    },
    explanation: Texts {
        en: "Do not disclose the material to the defence before the date set. If your law demands earlier disclosure, tell the requested party before you accept.",
        fr: "Ne communiquez pas les éléments à la défense avant la date fixée. Si votre droit impose une communication plus précoce, avertissez la Partie requise avant d’accepter.",
        it: "Non comunicare il materiale alla difesa prima della data fissata. Se il proprio diritto impone di farlo prima, avvertire la Parte richiesta prima di accettare.",
        ja: "定められた期日までは、資料を弁護側に開示しないでください。自国の法令がより早い開示を義務付けているときは、受諾する前に被請求国に通知してください。",
        zh: "在规定日期之前不得向辩方披露材料。本方法律要求提前披露的，请在接受条件之前告知被请求方。",
    },
};

pub(super) const C03: About = About {
    sources: &["EU–JP 11(1)(b)"],
    text: Translations {
        fr: "pas de peine de mort",
        it: "esclusione della pena di morte",
        ja: "死刑を科さないこと",
        zh: "不适用死刑",
    },
    explanation: Texts {
        en: "The death penalty may be neither imposed nor carried out for the acts concerned. Obtain the written assurance of your competent authority before you accept.",
        fr: "La peine de mort ne peut être ni prononcée ni exécutée pour les faits visés. Obtenez l’assurance écrite de votre autorité compétente avant d’accepter.",
        it: "Per i fatti in questione la pena di morte non può essere né inflitta né eseguita. Ottenere la garanzia scritta della propria autorità competente prima di accettare.",
        ja: "対象の行為について、死刑を科し、又は執行することはできません。受諾する前に、自国の権限のある当局から書面による保証を得てください。",
        zh: "对所涉行为不得判处死刑，也不得执行死刑。请在接受条件之前取得本方主管机关的书面保证。",
    },
};

pub(super) const C04: About = About {
    sources: &["2AP 14"],
    text: Translations {
        fr: "pas de transfert ultérieur",
        it: "divieto di trasferimento successivo",
        ja: "再移転の禁止",
        zh: "不得向第三方转交",
    },
    explanation: Texts {
        en: "Do not pass the material to another state, body or person outside the proceedings. If it is needed elsewhere, ask the requested party for authorisation first.",
        fr: "Ne transmettez les éléments à aucun autre État, organisme ou tiers à la procédure. S’ils sont nécessaires ailleurs, demandez d’abord l’autorisation de la Partie requise.",
        it: "Non trasmettere il materiale ad altri Stati, enti o persone estranee al procedimento. Se serve altrove, chiedere prima l’autorizzazione della Parte richiesta.",
        ja: "資料を他の国、機関又は手続外の者に提供しないでください。提供する必要があるときは、事前に被請求国の許可を得てください。",
        zh: "不得将材料提供给其他国家、机构或者本程序以外的人员。确需提供的，须事先取得被请求方的许可。",
    },
};

pub(super) const C05: About = About {
    sources: &["MACMA 20(1)(k)", "ASEAN 19", "Model 7"],
    text: Translations {
        fr: "restitution des originaux dans un délai fixé",
        it: "restituzione degli originali entro una data",
        ja: "期日までの原本の返還",
        zh: "限期返还原件",
    },
    explanation: Texts {
        en: "Return all originals by the date set and obtain a receipt. If they are needed longer, ask for an extension before that date.",
        fr: "Restituez tous les originaux au plus tard à la date fixée, contre récépissé. S’ils restent nécessaires, demandez une prolongation avant cette date.",
        it: "Restituire tutti gli originali entro la data fissata, contro ricevuta. Se servono più a lungo, chiedere una proroga prima di tale data.",
        ja: "定められた期日までに全ての原本を返還し、受領証を受け取ってください。より長く必要なときは、期日の前に延長を求めてください。",
        zh: "请在规定日期之前返还全部原件，并取得收据。需要延期的，请在该日期之前提出。",
    },
};

pub(super) const C06: About = About {
    sources: &[],
    text: Translations {
        fr: "effacement après jugement définitif",
        it: "cancellazione dopo la sentenza definitiva",
        ja: "判決確定後の消去",
        zh: "判决生效后删除",
    },
    explanation: Texts {
        en: "Once the judgment is final, delete the material and all copies, and certify it to the requested party. If your law obliges you to keep it, ask for consent beforehand.",
        fr: "Une fois le jugement définitif, effacez les éléments et toutes leurs copies, et attestez-le à la Partie requise. Si votre droit impose de les conserver, demandez au préalable son consentement.",
        it: "Quando la sentenza è definitiva, cancellare il materiale e tutte le copie e attestarlo alla Parte richiesta. Se il proprio diritto ne impone la conservazione, chiederle prima il consenso.",
        ja: "判決が確定したときは、資料とその全ての写しを消去し、その旨を被請求国に証明してください。自国の法令により保存しなければならないときは、事前にその同意を得てください。",
        zh: "判决生效后，请删除材料及其全部副本，并向被请求方出具证明。本方法律要求保存的，须事先征得其同意。",
    },
};

pub(super) const C07: About = About {
    sources: &[],
    text: Translations {
        fr: "données de tiers occultées",
        it: "dati di terzi oscurati",
        ja: "第三者に関する部分の墨消し",
        zh: "隐去第三方信息",
    },
    explanation: Texts {
        en: "Passages on persons outside the case are made unreadable. Do not try to restore them; if you need one, ask for it with reasons.",
        fr: "Les passages relatifs à des personnes étrangères à l’affaire sont rendus illisibles. Ne tentez pas de les rétablir et, si l’un d’eux est nécessaire, demandez-le en motivant.",
        it: "I passaggi su persone estranee al procedimento sono resi illeggibili. Non tentare di ripristinarli e, se uno è necessario, chiederlo motivando.",
        ja: "事件と関係のない者に関する部分は、判読できないようにされています。復元を試みず、必要な部分があるときは理由を示して求めてください。",
        zh: "涉及案外人的内容已作隐去处理。请勿试图还原；确需其中某部分的，请说明理由后提出。",
    },
};

pub(super) const C08: About = About {
    sources: &[],
    text: Translations {
        fr: "réservé au juge",
        it: "riservato al giudice",
        ja: "裁判官限りの閲覧",
        zh: "仅供法官查阅",
    },
    explanation: Texts {
        en: "Only a judge may read the material. Hand it to the court sealed; any wider access needs the consent of the requested party.",
        fr: "Seul un juge peut prendre connaissance des éléments. Remettez-les sous scellés au tribunal, tout accès plus large exigeant le consentement de la Partie requise.",
        it: "Solo un giudice può prendere visione del materiale. Consegnarlo sigillato al tribunale, poiché ogni accesso più ampio richiede il consenso della Parte richiesta.",
        ja: "資料を閲覧できるのは裁判官のみです。封をしたまま裁判所に提出し、他の者に閲覧させるときは、被請求国の同意を得てください。",
        zh: "只有法官可以查阅材料。请密封后移交法院；扩大查阅范围的，须经被请求方同意。",
    },
};

pub(super) const C09: About = About {
    sources: &["Reg. 2023/1543 13(2)"],
    text: Translations {
        fr: "information de la personne concernée à une date fixée",
        it: "comunicazione all’interessato a una data fissata",
        ja: "期日における本人への通知",
        zh: "在指定日期通知当事人",
    },
    explanation: Texts {
        en: "The person concerned is told on the date set, not before. Keep the case confidential until then; if notice would harm it, ask for a later date with reasons.",
        fr: "La personne concernée est informée à la date fixée, et pas avant. Préservez la confidentialité jusque-là et, si l’information devait nuire à l’affaire, demandez un report motivé.",
        it: "L’interessato è informato alla data fissata e non prima. Mantenere la riservatezza fino ad allora e, se la comunicazione nuoce al procedimento, chiedere un rinvio motivato.",
        ja: "本人への通知は、定められた期日に行い、それより前には行いません。それまで秘密を保ち、通知が事件の処理の妨げとなるときは、理由を示して延期を求めてください。",
        zh: "应在规定日期通知当事人，不得提前。此前请保密；通知会妨碍办案的，请说明理由申请推迟。",
    },
};

pub(super) const C10: About = About {
    sources: &["UNTOC 18(28)", "ASEAN 25", "EIO 21"],
    text: Translations {
        fr: "frais au-delà d’un seuil à la charge de la Partie requérante",
        it: "spese oltre una soglia a carico della Parte richiedente",
        ja: "基準額を超える費用の請求国負担",
        zh: "超出限额的费用由请求方承担",
    },
    explanation: Texts {
        en: "The requesting party pays what exceeds the sum stated. Have the expense approved before you accept, as execution may depend on it.",
        fr: "La Partie requérante paie ce qui dépasse le montant indiqué. Faites approuver la dépense avant d’accepter, l’exécution pouvant en dépendre.",
        it: "La Parte richiedente paga quanto supera l’importo indicato. Far approvare la spesa prima di accettare, poiché l’esecuzione può dipenderne.",
        ja: "示された金額を超える費用は、請求国が負担します。実施の可否に関わることがあるため、受諾する前に支出の承認を得てください。",
        zh: "超出所示金额的费用由请求方承担。能否执行可能取决于此，请在接受条件之前取得支出批准。",
    },
};

pub(super) const C11: About = About {
    sources: &[],
    text: Translations {
        fr: "anonymat ou protection d’un témoin",
        it: "anonimato o protezione di un testimone",
        ja: "証人の匿名又は保護",
        zh: "证人匿名或受保护",
    },
    explanation: Texts {
        en: "A witness stays anonymous or is under protection. Use the pseudonym only, reveal nothing that could identify the witness, and agree on every hearing with the requested party beforehand.",
        fr: "Un témoin reste anonyme ou fait l’objet d’une protection. N’employez que son pseudonyme, ne révélez rien qui permette de l’identifier et convenez au préalable de toute audition avec la Partie requise.",
        it: "Un testimone resta anonimo o è sotto protezione. Usare solo lo pseudonimo, non rivelare nulla che possa identificarlo e concordare prima ogni audizione con la Parte richiesta.",
        ja: "証人は匿名とされ、又は保護の対象となっています。仮名のみを用い、特定につながる情報を明かさず、尋問は全て事前に被請求国と取り決めてください。",
        zh: "证人匿名或者受到保护。请只使用化名，不得透露任何可识别其身份的信息；每次询问均须事先与被请求方商定。",
    },
};
