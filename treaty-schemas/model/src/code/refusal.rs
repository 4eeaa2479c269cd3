//! Short names: UNTOC (2000), UNCAC (2003), UN Cyber (A/RES/79/243), Model (A/RES/45/117), Budapest (ETS 185), 2AP (CETS 224),
//! EU–JP (mutual assistance, 2009), EIO (Directive 2014/41/EU), Reg. 2023/1543 (e-evidence), Hague Service (1965), Hague Evidence
//! (1970), ASEAN (mutual assistance, 2004), MACMA (Singapore, 2000), JP Act 69/1980, CLOUD Act (18 USC 2523).

use super::{About, Texts, Translations};

pub(super) const R01: About = About {
    sources: &["UNTOC 18(21)(a)", "MACMA 20(1)(a)"],
    text: Translations {
        fr: "non conforme au traité ou à la forme prescrite",
        it: "non conforme al trattato o alla forma prescritta",
        ja: "条約又は所定の様式に適合しない",
        zh: "不符合条约或规定的形式",
    },
    explanation: Texts {
        en: "The request lacks something the treaty requires, or is not in its form. Supply what the reasons name, and make a new request.",
        fr: "Il manque à la demande un élément exigé par le traité, ou la forme prescrite n’est pas respectée. Complétez-la selon les motifs et présentez une nouvelle demande.",
        it: "Alla richiesta manca un elemento previsto dal trattato, oppure la forma prescritta non è rispettata. Integrarla secondo i motivi indicati e presentare una nuova richiesta.",
        ja: "条約の定める事項が欠けているか、様式が整っていません。拒否の理由に示された点を補い、改めて請求してください。",
        zh: "请求缺少条约要求的内容，或者形式不符合规定。请按拒绝理由补正后重新提出请求。",
    },
};

pub(super) const R02: About = About {
    sources: &[
        "UNTOC 18(21)(b)",
        "Budapest 27(4)(b)",
        "Budapest 29(5)(b)",
        "EIO 11(1)(b)",
        "Model 4(1)(a)",
        "Hague Service 13",
        "Hague Evidence 12",
    ],
    text: Translations {
        fr: "souveraineté, sécurité, ordre public ou intérêts essentiels",
        it: "sovranità, sicurezza, ordine pubblico o interessi essenziali",
        ja: "主権、安全、公の秩序その他の重要な利益",
        zh: "主权、安全、公共秩序或其他根本利益",
    },
    explanation: Texts {
        en: "Execution would harm the sovereignty, security, ordre public or other essential interests of the requested party. Ask its central authority whether execution in part, or under conditions, is possible.",
        fr: "L’exécution porterait atteinte à la souveraineté, à la sécurité, à l’ordre public ou à d’autres intérêts essentiels de la Partie requise. Demandez à son autorité centrale si une exécution partielle ou assortie de conditions est possible.",
        it: "L’esecuzione lederebbe la sovranità, la sicurezza, l’ordine pubblico o altri interessi essenziali della Parte richiesta. Chiedere alla sua autorità centrale se sia possibile un’esecuzione parziale o a determinate condizioni.",
        ja: "実施すれば、被請求国の主権、安全、公の秩序その他の重要な利益が害されるおそれがあります。一部の実施又は条件付きの実施が可能か、先方の中央当局に照会してください。",
        zh: "执行请求将损害被请求方的主权、安全、公共秩序或者其他根本利益。可向对方中央机关询问能否部分执行或者附条件执行。",
    },
};

pub(super) const R03: About = About {
    sources: &["Model 4(1)(b)", "Budapest 29(5)(a)", "MACMA 20(1)(b)", "JP Act 69/1980 art. 2(i)"],
    text: Translations { fr: "infraction politique", it: "reato politico", ja: "政治犯罪", zh: "政治犯罪" },
    explanation: Texts {
        en: "The requested party regards the offence as political, or as connected with a political one. If it is an ordinary crime, or the treaty excludes this ground, set that out in a new request.",
        fr: "La Partie requise considère l’infraction comme politique ou connexe à une infraction politique. S’il s’agit d’une infraction de droit commun, ou si le traité écarte ce motif, exposez-le dans une nouvelle demande.",
        it: "La Parte richiesta considera il reato politico o connesso a un reato politico. Se si tratta di un reato comune, o se il trattato esclude questo motivo, esporlo in una nuova richiesta.",
        ja: "被請求国は、対象の罪を政治犯罪又はこれに関連する犯罪とみなしています。普通犯罪であるとき、又は条約がこの拒否事由を認めていないときは、その旨を示して改めて請求してください。",
        zh: "被请求方认为所涉犯罪属于政治犯罪或者与政治犯罪有关。如属普通犯罪，或者条约排除这一拒绝理由，请在新请求中予以说明。",
    },
};

pub(super) const R04: About = About {
    sources: &["MACMA 20(1)(c)"],
    text: Translations {
        fr: "infraction exclusivement militaire",
        it: "reato esclusivamente militare",
        ja: "純粋な軍事犯罪",
        zh: "纯属军事犯罪",
    },
    explanation: Texts {
        en: "The act is an offence under military law only, not under ordinary criminal law. If ordinary law punishes it too, cite that provision in a new request.",
        fr: "Les faits ne constituent une infraction qu’au regard du droit militaire, et non du droit pénal commun. Si le droit commun les réprime aussi, citez la disposition dans une nouvelle demande.",
        it: "Il fatto è reato solo per la legge militare e non per il diritto penale comune. Se è punito anche dal diritto comune, citare la disposizione in una nuova richiesta.",
        ja: "対象の行為は、軍事法規によってのみ罪となり、通常の刑罰法令では罪となりません。通常の刑罰法令でも処罰されるときは、その条項を示して改めて請求してください。",
        zh: "该行为仅依军事法律构成犯罪，依普通刑法不构成犯罪。如普通刑法同样予以处罚，请引用有关条款重新提出请求。",
    },
};

pub(super) const R05: About = About {
    sources: &["MACMA 20(1)(d)", "EU–JP 11(1)(c)", "UN Cyber 40(22)"],
    text: Translations {
        fr: "fins discriminatoires",
        it: "finalità discriminatorie",
        ja: "差別的な目的",
        zh: "出于歧视目的",
    },
    explanation: Texts {
        en: "There are substantial grounds to believe that the request serves to prosecute or punish a person on account of race, sex, religion, nationality, ethnic origin or political opinion. Do not repeat it unchanged; turn to your central authority.",
        fr: "Il y a des raisons sérieuses de croire que la demande vise à poursuivre ou à punir une personne en raison de sa race, de son sexe, de sa religion, de sa nationalité, de son origine ethnique ou de ses opinions politiques. Ne la renouvelez pas telle quelle et saisissez votre autorité centrale.",
        it: "Vi sono fondati motivi per ritenere che la richiesta miri a perseguire o punire una persona per razza, sesso, religione, nazionalità, origine etnica od opinioni politiche. Non ripresentarla immutata e rivolgersi alla propria autorità centrale.",
        ja: "人種、性別、宗教、国籍、民族的出身又は政治的意見を理由に人を訴追し、又は処罰する目的の請求であると信ずるに足りる十分な理由があります。同じ内容で再度請求せず、自国の中央当局に相談してください。",
        zh: "有充分理由相信，请求的目的是基于种族、性别、宗教、国籍、族裔或者政治见解追诉或者处罚某人。请勿原样重新提出，并报告本方中央机关。",
    },
};

pub(super) const R06: About = About {
    sources: &["MACMA 20(1)(e)", "EIO 11(1)(d)", "Reg. 2023/1543 12(1)(c)"],
    text: Translations {
        fr: "déjà jugé, acquitté, gracié ou peine purgée (ne bis in idem)",
        it: "già giudicato, assolto, graziato o pena scontata (ne bis in idem)",
        ja: "既に裁判を受け、無罪となり、恩赦を受け、又は刑を終えている（一事不再理）",
        zh: "已受审判、被判无罪、获赦免或服刑完毕（一事不再理）",
    },
    explanation: Texts {
        en: "The person has already been finally judged, pardoned or punished for the same acts. Make a new request only for other acts or other persons.",
        fr: "La personne a déjà été définitivement jugée, graciée ou punie pour les mêmes faits. Ne présentez une nouvelle demande que pour d’autres faits ou d’autres personnes.",
        it: "La persona è già stata definitivamente giudicata, graziata o punita per gli stessi fatti. Presentare una nuova richiesta solo per altri fatti o altre persone.",
        ja: "その者は、同一の行為について既に確定判決若しくは恩赦を受け、又は刑の執行を終えています。改めて請求できるのは、別の行為又は別の者についてのみです。",
        zh: "该人已就同一行为受到生效裁判、获得赦免或者服刑完毕。只能就其他行为或者其他人员另行提出请求。",
    },
};

pub(super) const R07: About = About {
    sources: &["UNTOC 18(9)", "UNCAC 46(9)", "EIO 11(1)(g)", "Reg. 2023/1543 12(1)(d)", "JP Act 69/1980 art. 2(ii)"],
    text: Translations {
        fr: "absence de double incrimination",
        it: "mancanza della doppia incriminazione",
        ja: "双罰性の欠如",
        zh: "不符合双重犯罪原则",
    },
    explanation: Texts {
        en: "The act is not an offence under the law of the requested party. Describe the conduct rather than the name of the offence, or show that it is a listed offence or that the measure is not coercive.",
        fr: "Les faits ne constituent pas une infraction au regard du droit de la Partie requise. Décrivez le comportement plutôt que la qualification, ou montrez qu’il s’agit d’une infraction de la liste ou d’une mesure non coercitive.",
        it: "Il fatto non è reato per la legge della Parte richiesta. Descrivere la condotta anziché la qualificazione giuridica, o indicare che si tratta di un reato dell’elenco o di una misura non coercitiva.",
        ja: "対象の行為は、被請求国の法令では罪となりません。罪名ではなく行為そのものを記載するか、双罰性を要しない罪であること、又は強制を伴わない措置であることを示してください。",
        zh: "依被请求方法律，该行为不构成犯罪，即不具备双方可罚性。请说明行为本身而非罪名，或者说明其属于清单所列犯罪，或者所请求的措施不具强制性。",
    },
};

pub(super) const R08: About = About {
    sources: &["MACMA 20(1)(g)", "EIO 11(1)(h)", "Reg. 2023/1543 5(4)"],
    text: Translations {
        fr: "gravité insuffisante",
        it: "gravità insufficiente",
        ja: "罪の重大性の不足",
        zh: "罪行严重程度不足",
    },
    explanation: Texts {
        en: "The offence is too minor for this measure, or its maximum penalty is below the threshold. State the penalty and the harm, or ask for a less intrusive measure.",
        fr: "L’infraction est trop mineure pour cette mesure, ou la peine maximale encourue est inférieure au seuil. Indiquez la peine encourue et le préjudice, ou demandez une mesure moins intrusive.",
        it: "Il reato è troppo lieve per questa misura, o la pena massima è inferiore alla soglia. Indicare la pena prevista e il danno, o chiedere una misura meno invasiva.",
        ja: "この措置を執るには罪が軽微であるか、法定刑の上限が基準に達していません。法定刑と被害を示すか、より権利の制約が小さい措置を請求してください。",
        zh: "所涉罪行对该项措施而言过于轻微，或者法定最高刑未达到门槛。请说明法定刑和危害后果，或者请求侵扰程度较低的措施。",
    },
};

pub(super) const R09: About = About {
    sources: &["MACMA 20(1)(h)", "JP Act 69/1980 art. 2(iii)"],
    text: Translations {
        fr: "non nécessaire ou pouvant être obtenu autrement",
        it: "non necessario o ottenibile altrimenti",
        ja: "必要性がない、又は他の方法で入手できる",
        zh: "没有必要或可通过其他途径取得",
    },
    explanation: Texts {
        en: "The material is not needed for the case, is sought on a fishing expedition, or can be had in another way. Say what it is to prove and why no easier way exists.",
        fr: "Les éléments ne sont pas nécessaires à l’affaire, relèvent d’une recherche indéterminée de preuves ou peuvent être obtenus autrement. Indiquez ce qu’ils doivent prouver et pourquoi aucune voie plus simple n’existe.",
        it: "Gli elementi non servono al procedimento, costituiscono una ricerca indiscriminata di prove o si possono ottenere altrimenti. Indicare che cosa devono provare e perché non esiste una via più semplice.",
        ja: "請求された証拠は、事件に必要でないか、探索的な証拠収集に当たるか、又は他の方法で入手できます。何を立証するための証拠であるかを、捜査又は裁判に欠くことのできない理由とともに示してください。",
        zh: "所请求的材料并非办案所必需，属于撒网式取证，或者可以通过其他途径取得。请说明其证明目的以及没有更简便途径的理由。",
    },
};

pub(super) const R10: About = About {
    sources: &["EIO 11(1)(a)", "Reg. 2023/1543 12(1)(a)"],
    text: Translations {
        fr: "immunité, privilège ou liberté de la presse",
        it: "immunità, privilegio o libertà di stampa",
        ja: "免除、特権又は報道の自由",
        zh: "豁免、特权或新闻自由",
    },
    explanation: Texts {
        en: "An immunity, a privilege such as that of counsel, or the freedom of the press protects the material. Ask for a waiver where one is possible, or leave the protected part out of a new request.",
        fr: "Une immunité, un privilège tel que le secret professionnel de l’avocat, ou la liberté de la presse protège ces éléments. Sollicitez la levée de la protection si elle est possible, ou excluez la partie protégée d’une nouvelle demande.",
        it: "Il materiale è protetto da un’immunità, da un privilegio come il segreto professionale dell’avvocato, o dalla libertà di stampa. Chiedere la revoca della protezione se è ammessa, o escludere la parte protetta da una nuova richiesta.",
        ja: "資料は、免除、弁護士の秘匿特権その他の特権又は報道の自由により保護されています。放棄が可能なときはこれを求め、そうでないときは保護される部分を除いて改めて請求してください。",
        zh: "有关材料受豁免、特权（如律师保密特权）或者新闻自由保护。可以放弃的，请申请放弃；不能放弃的，请剔除受保护部分后重新提出请求。",
    },
};

pub(super) const R11: About = About {
    sources: &["EIO 11(1)(f)", "Reg. 2023/1543 12(1)(b)"],
    text: Translations {
        fr: "incompatible avec les droits fondamentaux",
        it: "incompatibile con i diritti fondamentali",
        ja: "基本的人権に反する",
        zh: "与基本权利相抵触",
    },
    explanation: Texts {
        en: "Execution would breach fundamental rights, such as the right to a fair trial or the prohibition of torture. Give the missing assurances, or ask for a measure that respects these rights.",
        fr: "L’exécution violerait des droits fondamentaux, tels que le droit à un procès équitable ou l’interdiction de la torture. Fournissez les assurances manquantes ou demandez une mesure respectueuse de ces droits.",
        it: "L’esecuzione violerebbe diritti fondamentali, come il diritto a un equo processo o il divieto di tortura. Fornire le garanzie mancanti o chiedere una misura che rispetti tali diritti.",
        ja: "実施すれば、公正な裁判を受ける権利、拷問の禁止等の基本的人権の保障に反します。欠けている保証を与えるか、これらの権利を害しない措置を請求してください。",
        zh: "执行请求将侵犯基本权利，例如获得公正审判或者免受酷刑的权利。请补充作出有关保证，或者请求不侵犯这些权利的措施。",
    },
};

pub(super) const R12: About = About {
    sources: &["EU–JP 11(1)(b)"],
    text: Translations {
        fr: "peine de mort ou perpétuité sans assurance",
        it: "pena di morte o ergastolo senza garanzia",
        ja: "死刑又は無期刑に関する保証がない",
        zh: "涉及死刑或无期徒刑而未作保证",
    },
    explanation: Texts {
        en: "The offence carries death or life imprisonment, and no assurance is given that it will not be imposed or carried out. Obtain the assurance of your competent authority and join it to a new request.",
        fr: "L’infraction est passible de la peine de mort ou de la réclusion à perpétuité, sans assurance que cette peine ne sera pas prononcée ou exécutée. Obtenez cette assurance de votre autorité compétente et joignez-la à une nouvelle demande.",
        it: "Il reato è punibile con la pena di morte o l’ergastolo, senza garanzia che la pena non sarà inflitta o eseguita. Ottenere la garanzia dalla propria autorità competente e allegarla a una nuova richiesta.",
        ja: "対象の罪には死刑又は無期刑が定められていますが、これを科さない、又は執行しないとの保証がありません。自国の権限のある当局から保証を得た上で、これを添えて改めて請求してください。",
        zh: "所涉犯罪可判处死刑或者无期徒刑，而请求方未保证不判处或者不执行。请取得本方主管机关的保证，随新请求一并提交。",
    },
};

pub(super) const R13: About = About {
    sources: &["EIO 11(1)(c)", "EIO 11(1)(h)", "UNTOC 18(21)(c)"],
    text: Translations {
        fr: "mesure non prévue par le droit interne",
        it: "misura non prevista dal diritto interno",
        ja: "国内法上執ることのできない措置",
        zh: "国内法未规定该措施",
    },
    explanation: Texts {
        en: "The law of the requested party does not allow the measure, or not in a similar domestic case. Ask which other measure would give the same result, and request that one.",
        fr: "Le droit de la Partie requise ne permet pas cette mesure, ou pas dans une affaire nationale similaire. Demandez quelle autre mesure donnerait le même résultat, puis sollicitez celle-ci.",
        it: "Il diritto della Parte richiesta non consente la misura, o non in un caso interno analogo. Chiedere quale altra misura darebbe lo stesso risultato e richiedere quella.",
        ja: "被請求国の法令は、この措置を認めていないか、同種の国内事件では認めていません。同じ結果が得られる他の措置を照会し、その措置を請求してください。",
        zh: "被请求方法律不允许采取该措施，或者在国内同类案件中不允许采取。请询问可达到同样效果的其他措施，并改为请求该措施。",
    },
};

pub(super) const R14: About = About {
    sources: &["UNTOC 18(21)(d)"],
    text: Translations {
        fr: "contraire au système juridique",
        it: "contrario all’ordinamento giuridico",
        ja: "被請求国の法制に反する",
        zh: "违反被请求方法律制度",
    },
    explanation: Texts {
        en: "Granting the request would be contrary to the legal system of the requested party on mutual legal assistance. Ask its central authority which form or channel its law allows.",
        fr: "Accéder à la demande serait contraire au système juridique de la Partie requise en matière d’entraide judiciaire. Demandez à son autorité centrale quelle forme ou quelle voie son droit admet.",
        it: "L’accoglimento sarebbe contrario all’ordinamento della Parte richiesta in materia di assistenza giudiziaria. Chiedere alla sua autorità centrale quale forma o quale via sia ammessa dal suo diritto.",
        ja: "請求に応ずることは、被請求国の法律上の相互援助に関する法制に反します。どのような方式又は経路が認められるか、先方の中央当局に照会してください。",
        zh: "同意请求将违反被请求方有关司法协助的法律制度。请向对方中央机关询问其法律允许的形式或者途径。",
    },
};

pub(super) const R15: About = About {
    sources: &["EIO 11(1)(e)"],
    text: Translations {
        fr: "infraction extraterritoriale",
        it: "reato extraterritoriale",
        ja: "国外犯",
        zh: "域外犯罪",
    },
    explanation: Texts {
        en: "The act was committed outside the requesting party and wholly or partly on the soil of the requested party, where it is no offence. Show a link to your territory, or the provision there that punishes it.",
        fr: "Les faits ont été commis hors du territoire de la Partie requérante et en tout ou en partie sur celui de la Partie requise, où ils ne constituent pas une infraction. Établissez un lien avec votre territoire ou citez la disposition qui les y réprime.",
        it: "Il fatto è stato commesso fuori dal territorio della Parte richiedente e in tutto o in parte su quello della Parte richiesta, dove non è reato. Indicare un collegamento con il proprio territorio o la norma che ivi lo punisce.",
        ja: "対象の行為は、請求国の領域外で、その全部又は一部が被請求国の領域内で行われ、被請求国では罪となりません。自国の領域との結び付き又は被請求国の処罰規定を示してください。",
        zh: "该行为发生在请求方境外，全部或者部分发生在被请求方境内，而依被请求方法律不构成犯罪。请说明其与本方领域的联系，或者指出被请求方的处罚规定。",
    },
};

pub(super) const R16: About = About {
    sources: &["MACMA 20(1)(j)", "MACMA 20(1)(k)", "MACMA 16(2)"],
    text: Translations {
        fr: "engagement manquant",
        it: "impegno mancante",
        ja: "必要な確約がない",
        zh: "未作出所需承诺",
    },
    explanation: Texts {
        en: "A required undertaking on limited use (specialty), return of material or reciprocity is missing. Have your competent authority sign it, and join it to a new request.",
        fr: "Il manque un engagement requis quant à l’usage limité (spécialité), à la restitution ou à la réciprocité. Faites-le signer par votre autorité compétente et joignez-le à une nouvelle demande.",
        it: "Manca un impegno richiesto sull’uso limitato (specialità), sulla restituzione o sulla reciprocità. Farlo firmare dalla propria autorità competente e allegarlo a una nuova richiesta.",
        ja: "使用の制限（特定性の原則）、返還又は相互主義に関する所要の確約がありません。自国の権限のある当局が署名した確約を添えて、改めて請求してください。",
        zh: "缺少关于限制使用（特定性原则）、返还材料或者互惠的必要承诺。请由本方主管机关签署承诺，随新请求一并提交。",
    },
};

pub(super) const R17: About = About {
    sources: &["MACMA 20(1)(l)", "UNTOC 18(25)"],
    text: Translations {
        fr: "préjudice à une procédure de la Partie requise",
        it: "pregiudizio a un procedimento della Parte richiesta",
        ja: "被請求国の刑事手続の妨げとなる",
        zh: "妨碍被请求方正在办理的案件",
    },
    explanation: Texts {
        en: "Execution would harm an investigation or trial of the requested party. Ask whether it can be postponed (P01) instead, and agree on a date.",
        fr: "L’exécution nuirait à une enquête ou à un procès en cours dans la Partie requise. Demandez si elle peut plutôt être reportée (P01) et convenez d’une date.",
        it: "L’esecuzione nuocerebbe a un’indagine o a un processo in corso nella Parte richiesta. Chiedere se possa invece essere rinviata (P01) e concordare una data.",
        ja: "実施すれば、被請求国で進行中の捜査又は裁判の妨げとなります。拒否に代えて延期（P01）とすることができないか照会し、期日を取り決めてください。",
        zh: "执行请求将妨碍被请求方正在进行的侦查或者审判。请询问能否改为推迟执行（P01），并商定日期。",
    },
};

pub(super) const R18: About = About {
    sources: &["2AP 14", "UN Cyber 36"],
    text: Translations {
        fr: "protection insuffisante des données à caractère personnel",
        it: "protezione inadeguata dei dati personali",
        ja: "個人データの保護が十分でない",
        zh: "个人数据缺乏充分保护",
    },
    explanation: Texts {
        en: "The protection of personal data after transfer does not meet the law of the requested party. Offer safeguards, such as conditions C01, C04 and C06, or leave out data that is not needed.",
        fr: "La protection des données à caractère personnel après leur transfert ne satisfait pas au droit de la Partie requise. Proposez des garanties, par exemple les conditions C01, C04 et C06, ou renoncez aux données superflues.",
        it: "La protezione dei dati personali dopo il trasferimento non soddisfa il diritto della Parte richiesta. Offrire garanzie, per esempio le condizioni C01, C04 e C06, o rinunciare ai dati non necessari.",
        ja: "移転後の個人データの保護が、被請求国の法令の求める水準を満たしていません。条件C01、C04、C06等の保護措置を申し出るか、不要なデータを除いてください。",
        zh: "个人数据移交后所受的保护不符合被请求方法律的要求。请提出保障措施（例如条件C01、C04和C06），或者剔除不必要的数据。",
    },
};

pub(super) const R19: About = About {
    sources: &["Reg. 2023/1543 16(4)(c)", "Reg. 2023/1543 16(4)(d)"],
    text: Translations {
        fr: "impossibilité matérielle",
        it: "impossibilità di fatto",
        ja: "事実上の不能",
        zh: "事实上无法执行",
    },
    explanation: Texts {
        en: "The data do not exist, the holder is unknown, or the request contains a manifest error. Check the selector, the period and the holder, and make a new request if you have a better lead.",
        fr: "Les données n’existent pas, le détenteur est inconnu ou la demande contient une erreur manifeste. Vérifiez l’identifiant, la période et le détenteur, puis présentez une nouvelle demande si vous disposez d’une meilleure piste.",
        it: "I dati non esistono, il detentore è ignoto o la richiesta contiene un errore manifesto. Verificare l’identificativo, il periodo e il detentore e presentare una nuova richiesta se esiste una pista migliore.",
        ja: "データが存在しないか、保有者が不明であるか、又は請求に明白な誤りがあります。識別子、期間及び保有者を確認し、より確かな手掛かりがあれば改めて請求してください。",
        zh: "数据不存在、持有人不明，或者请求存在明显错误。请核对标识符、期间和持有人，如有更可靠的线索再重新提出请求。",
    },
};

pub(super) const R20: About = About {
    sources: &["Reg. 2023/1543 17", "CLOUD Act"],
    text: Translations {
        fr: "conflit avec le droit d’un État tiers",
        it: "conflitto con il diritto di uno Stato terzo",
        ja: "第三国の法令との抵触",
        zh: "与第三国法律冲突",
    },
    explanation: Texts {
        en: "Execution would oblige the holder to break the law of a third state. Address the request to that state, or obtain its consent.",
        fr: "L’exécution obligerait le détenteur à enfreindre le droit d’un État tiers. Adressez la demande à cet État ou obtenez son consentement.",
        it: "L’esecuzione obbligherebbe il detentore a violare il diritto di uno Stato terzo. Rivolgere la richiesta a tale Stato o ottenerne il consenso.",
        ja: "実施すれば、保有者に第三国の法令への違反を強いることになります。その第三国に請求するか、同国の同意を得てください。",
        zh: "执行请求将迫使持有人违反第三国法律。请向该第三国提出请求，或者征得其同意。",
    },
};

pub(super) const R90: About = About {
    sources: &[],
    text: Translations {
        fr: "demande massive ou non ciblée",
        it: "richiesta massiva o non specifica",
        ja: "大量又は対象不特定の請求",
        zh: "批量或不特定的请求",
    },
    explanation: Texts {
        en: "Refused automatically: the request exceeds the treaty's limits (persons, period, volume) or names no specific selector. Name each person, account or device, shorten the period and send it again.",
        fr: "Refus automatique\u{a0}: la demande dépasse les limites du traité (personnes, période, volume) ou ne vise aucun identifiant précis. Désignez chaque personne, compte ou appareil, réduisez la période et renvoyez la demande.",
        it: "Rifiuto automatico: la richiesta supera i limiti del trattato (persone, periodo, volume) o non indica un identificativo preciso. Indicare ogni persona, account o dispositivo, ridurre il periodo e inviarla di nuovo.",
        ja: "対象者、期間若しくは量が条約の上限を超えるか、又は識別子が特定されていないため、自動的に拒否されました。人、アカウント又は端末を個別に特定し、期間を短くして再送してください。",
        zh: "因人数、期间或者数据量超出条约限额，或者未指明特定标识符，请求被自动拒绝。请逐一指明人员、账户或者设备，缩短期间后重新发送。",
    },
};

pub(super) const R91: About = About {
    sources: &[],
    text: Translations { fr: "quota dépassé", it: "quota superata", ja: "割当件数の超過", zh: "超出配额" },
    explanation: Texts {
        en: "Refused automatically: the number of requests agreed for the period is used up. Send it again in the next period, or obtain a higher quota through the central authorities.",
        fr: "Refus automatique\u{a0}: le nombre de demandes convenu pour la période est épuisé. Renvoyez la demande à la période suivante ou obtenez un quota plus élevé par l’intermédiaire des autorités centrales.",
        it: "Rifiuto automatico: il numero di richieste concordato per il periodo è esaurito. Inviarla di nuovo nel periodo successivo od ottenere una quota più alta tramite le autorità centrali.",
        ja: "この期間について合意された件数に達したため、自動的に拒否されました。次の期間に再送するか、中央当局を通じて割当件数の引上げを求めてください。",
        zh: "本期商定的请求数量已经用完，请求被自动拒绝。请在下一期重新发送，或者通过中央机关商请提高配额。",
    },
};

pub(super) const R92: About = About {
    sources: &[],
    text: Translations {
        fr: "aucun traité en vigueur ne le permet",
        it: "nessun trattato in vigore lo consente",
        ja: "根拠となる発効済みの条約がない",
        zh: "没有现行有效的条约允许",
    },
    explanation: Texts {
        en: "Refused automatically: no treaty in force between the two parties allows this request, or their versions of it differ. Use another instrument or channel, and have the operator compare the treaty files.",
        fr: "Refus automatique\u{a0}: aucun traité en vigueur entre les deux Parties ne permet cette demande, ou leurs versions du traité diffèrent. Utilisez un autre instrument ou une autre voie et faites comparer les fichiers du traité par l’exploitant.",
        it: "Rifiuto automatico: nessun trattato in vigore tra le due Parti consente la richiesta, o le rispettive versioni divergono. Usare un altro strumento o un’altra via e far confrontare i file del trattato dal gestore.",
        ja: "両国間でこの請求の根拠となる条約が発効していないか、双方の条約ファイルの版が異なるため、自動的に拒否されました。他の条約又は経路を用い、運用担当者に条約ファイルを照合させてください。",
        zh: "双方之间没有现行有效的条约允许该请求，或者双方的条约文件版本不一致，请求被自动拒绝。请改用其他条约或者途径，并请运维人员核对条约文件。",
    },
};

pub(super) const R93: About = About {
    sources: &[],
    text: Translations {
        fr: "autorité non compétente",
        it: "autorità non competente",
        ja: "権限のない当局",
        zh: "非主管机关",
    },
    explanation: Texts {
        en: "Refused automatically: the sending or receiving authority, or the officer's role, is not accredited for this step. Send it through the authority or role that the directory names.",
        fr: "Refus automatique\u{a0}: l’autorité d’envoi ou de destination, ou la fonction de l’agent, n’est pas habilitée pour cet acte. Passez par l’autorité ou la fonction que désigne l’annuaire des autorités.",
        it: "Rifiuto automatico: l’autorità mittente o destinataria, o la funzione di chi firma, non è abilitata a questo atto. Procedere tramite l’autorità o la funzione indicata nell’elenco delle autorità.",
        ja: "送付元若しくは送付先の当局又は担当者の役割に、この手続の権限が与えられていないため、自動的に拒否されました。当局名簿に記載された当局又は役割の者から送り直してください。",
        zh: "发送机关、接收机关或者经办人员没有办理该步骤的权限，本次发送已被自动拒绝。请由机关名录所载的主管机关或者具有相应职责的人员重新发送。",
    },
};

pub(super) const R94: About = About {
    sources: &[],
    text: Translations {
        fr: "forme, schéma ou ordre non respecté",
        it: "forma, schema o sequenza non rispettati",
        ja: "様式、スキーマ又は順序の違反",
        zh: "格式、数据结构或顺序不符",
    },
    explanation: Texts {
        en: "Refused automatically: a field is missing or wrong, or the step does not follow the last one of the case. Reload the case, mend the field that the refusal names, and send it again.",
        fr: "Refus automatique\u{a0}: un champ est absent ou erroné, ou l’acte ne fait pas suite au dernier acte du dossier. Rechargez le dossier, corrigez le champ indiqué par le refus et renvoyez l’acte.",
        it: "Rifiuto automatico: un campo manca o è errato, o l’atto non segue l’ultimo del fascicolo. Ricaricare il fascicolo, correggere il campo indicato nel rifiuto e inviare di nuovo l’atto.",
        ja: "項目に欠落若しくは誤りがあるか、又はこの手続が事件の直前の手続に続くものでないため、自動的に拒否されました。事件を読み込み直し、拒否に示された項目を直して再送してください。",
        zh: "字段缺失或者有误，或者该步骤与案件的上一步骤不衔接，本次发送已被自动拒绝。请重新载入案件，更正拒绝通知所指的字段后重新发送。",
    },
};

pub(super) const R95: About = About {
    sources: &[],
    text: Translations {
        fr: "clé ou identité non vérifiée",
        it: "chiave o identità non verificata",
        ja: "鍵又は身元が確認されていない",
        zh: "密钥或身份未经验证",
    },
    explanation: Texts {
        en: "Refused automatically: a signature, key or certificate does not prove where it comes from. Do not use another channel; have the operator check keys, certificates and the directory.",
        fr: "Refus automatique\u{a0}: une signature, une clé ou un certificat ne prouve pas sa provenance. N’empruntez pas d’autre voie et faites contrôler les clés, les certificats et l’annuaire des autorités par l’exploitant.",
        it: "Rifiuto automatico: una firma, una chiave o un certificato non prova la propria provenienza. Non usare un’altra via e far controllare dal gestore chiavi, certificati ed elenco delle autorità.",
        ja: "署名、鍵又は証明書の出所を確認できないため、自動的に拒否されました。他の経路で送らず、運用担当者に鍵、証明書及び当局名簿を点検させてください。",
        zh: "签名、密钥或者证书不能证明其来源，本次发送已被自动拒绝。请勿改走其他途径，并请运维人员检查密钥、证书和机关名录。",
    },
};
