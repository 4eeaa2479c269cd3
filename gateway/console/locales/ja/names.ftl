# What people call what treaties and records name.
# review: pending
words-clause = { $treaty } 第{ $number }条
words-unnamed = 番号未設定（{ $counterpart }）

# Treaties.
treaty-ets-185 = サイバー犯罪に関する条約
treaty-cets-224 = サイバー犯罪条約第二追加議定書
treaty-untoc = 国際組織犯罪防止条約
treaty-eu-jp-mla = 日・EU刑事共助協定
treaty-eio = 指令2014/41/EU（欧州捜査命令）
treaty-reg-2023-1543 = 規則(EU)2023/1543（電子証拠）
treaty-jp-us-mlat = 日・米刑事共助条約
treaty-jp-cn-mla = 日・中刑事共助条約
treaty-asean-mlat = ASEAN刑事共助条約
treaty-jp-sg-didc-2022 = 日・シンガポール間のデジタルIDに関する取決め

# Kinds of records.
record-request = 要請書
record-subscriber-info = 加入者情報
record-registrant-info = ドメイン登録者情報
record-traffic-data = 通信記録
record-content-data = 通信内容
record-preservation-confirmation = 保全の確認
record-bank-records = 銀行記録
record-criminal-record-extract = 犯罪経歴の抄本
record-service-certificate = 送達証明書
record-hearing-record = 映像聴取の記録
record-testimony-record = 証言録取
record-appearance-consent = 出頭の同意
record-identity-attestation = 本人確認の証明
record-status-check = 照会への回答
record-freezing-certificate = 凍結証明書
record-asset-trace = 資産の追跡結果
record-seized-item = 差押物
record-location-report = 所在調査報告
record-corporate-records = 会社の記録
record-government-records = 公的機関の記録
record-expert-report = 鑑定書
record-spontaneous-information = 自発的情報
record-shared-draft = 共有された下書き
record-draft-comment = 下書きへの意見
record-ack = 受領通知
record-info-request = 照会
record-info-reply = 回答
record-decision = 決定
record-notice = 通知
record-status = 進捗の通知
record-postponement = 延期
record-undertaking = 誓約
record-receipt-confirmation = 受領確認
record-execution-report = 実施報告
record-custody-note = 保管記録
record-consultation-minutes = 協議録
record-breach-notice = 漏えい等の通知
record-cost-note = 費用明細
record-destruction-certificate = 廃棄証明書
record-emergency-callback = 折り返し確認の記録
record-expost-validation = 事後承認
record-hearing-notice = 尋問に関する文書
record-onward-consent = 第三者提供への同意
record-out-of-band-media = 媒体上のデータ
record-record-correction = 記録の訂正
record-remedy = 不服申立て
record-return-certificate = 返還証明書
record-use-consent = 目的外使用への同意
record-violation = 本文と見出しの不一致の通知
record-wrong-subject-recall = 人違いによる回収

# What is asked.
request-preservation = 蔵置データの保全
request-traffic-partial = 通信経路を示す通信記録
request-stored-data = 蔵置されたコンピュータ・データ
request-spontaneous = 自発的な情報提供
request-domain-data = ドメイン登録者
request-provider-direct = 事業者からの加入者情報
request-order-production = 提出命令の実施
request-emergency-disclosure = 緊急時の開示
request-emergency-assistance = 緊急時の共助
request-video-hearing = 映像リンクによる聴取
request-telephone-hearing = 電話による聴取
request-testimony = 証言の取得
request-voluntary-statement = 任意の供述
request-bank-records = 銀行記録
request-bank-accounts = 口座の有無
request-corporate-records = 会社の記録
request-authority-items = 公的機関の文書
request-search-seizure = 捜索・差押え
request-freeze-confiscate = 凍結・没収
request-trace-proceeds = 収益の追跡
request-locate = 人・物の所在調査
request-service = 文書の送達
request-appearance = 出頭の招請
request-custody-transfer = 被拘禁者の移送
request-expert-opinion = 鑑定
request-jit = 合同捜査チーム
request-record-extract = 犯罪経歴の照会
request-identification = 特定
request-status-check = 登録簿への照会
request-attest = 属性の証明
request-correction = 訂正
request-provisional = 暫定措置
request-epoc-identification = 欧州提出命令（特定）
request-epoc-production = 欧州提出命令
request-epoc-preservation = 欧州保全命令

# Purposes.
purpose-criminal-investigation = 犯罪捜査
purpose-criminal-proceedings = 刑事手続
purpose-execution-of-sentence = 刑の執行
purpose-age-proof = 年齢の証明
purpose-identity-verification = 本人確認
purpose-residence-status-proof = 在留資格の証明
purpose-address-confirmation = 住所の確認

# Attributes.
attribute-family-name = 姓
attribute-given-name = 名
attribute-birth-date = 生年月日
attribute-over-18 = 18歳以上
attribute-over-20 = 20歳以上
attribute-residence-country = 居住国
attribute-document-validity = 書類の有効性
