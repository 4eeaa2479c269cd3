# A request that came: the first look, the acceptance, questions.
# review: pending
triage-title = 要請の一次確認
triage-from = 発信元
triage-next = 次にできること
triage-what = 求められている内容と根拠条文
triage-who = 要請者
triage-why = 理由と緊急度
triage-there = 先方の現在時刻
triage-missing = 不足している点
triage-nothing-missing = 条約と自国の規則上、不足はありません。
triage-dual = 双方の国で犯罪と宣言
triage-no-dual = 双罰性の宣言なし
triage-request = 要請の全文を読む
triage-open = 要請を確認する

# To accept in one act.
accept-then = 続いて、同じパスフレーズで
accept-then-what = まず審査を開始します。双方の関門が認めしだい、次の内容だけに署名します。

# Templates of questions.
ask-templates = ひな形から始める
ask-facts = 事実の記載が不足
ask-identity = 対象を特定できない
ask-offence = 罪名・法定刑が不明
ask-custodian = データ保有者が不明
ask-translation = 翻訳がない・不明確
ask-decision = 司法判断が不明
ask-text-facts = 事実を補ってください。誰が、いつ、どこで、どのような行為をした疑いがあり、求める記録がどのように関係するかをお知らせください。
ask-text-identity = 記載された対象は、当方では複数該当するか、該当がありません。生年月日、アカウントの正確なアドレス、時間帯付きの時刻など、特定できる情報をお知らせください。
ask-text-offence = 条文と法定刑の上限、およびどの行為がこれに該当するかをお知らせください。
ask-text-custodian = データの保有者を確認できませんでした。事業者または保管者の名称と、住所またはシステムの所在地をお知らせください。
ask-text-translation = 要請の認証された翻訳、または未翻訳部分の翻訳を送付してください。
ask-text-decision = どの裁判所または検察官が、いつ、どの番号で、どの法令に基づいて決定したかをお知らせください。
