# What people call what treaties and records name.
# review: pending
words-clause = { $treaty }第 { $number } 条
words-unnamed = 尚无案卷号（{ $counterpart }）

# Treaties.
treaty-ets-185 = 网络犯罪公约
treaty-cets-224 = 网络犯罪公约第二附加议定书
treaty-untoc = 联合国打击跨国有组织犯罪公约
treaty-eu-jp-mla = 欧盟—日本司法协助协定
treaty-eio = 第 2014/41/EU 号指令（欧洲调查令）
treaty-reg-2023-1543 = 第 (EU) 2023/1543 号条例（电子证据）
treaty-jp-us-mlat = 日本—美国司法协助条约
treaty-jp-cn-mla = 中日刑事司法协助条约
treaty-asean-mlat = 东盟司法协助条约
treaty-jp-sg-didc-2022 = 日本—新加坡数字身份安排

# Kinds of records.
record-request = 请求书
record-subscriber-info = 用户信息
record-registrant-info = 域名注册人信息
record-traffic-data = 流量数据
record-content-data = 内容数据
record-preservation-confirmation = 保全确认
record-bank-records = 银行记录
record-criminal-record-extract = 犯罪记录摘录
record-service-certificate = 送达证明
record-hearing-record = 视频询问记录
record-testimony-record = 证言记录
record-appearance-consent = 出庭同意
record-identity-attestation = 身份证明
record-status-check = 单项查询答复
record-freezing-certificate = 冻结证明
record-asset-trace = 资产追查结果
record-seized-item = 扣押物品
record-location-report = 下落报告
record-corporate-records = 公司记录
record-government-records = 政府记录
record-expert-report = 鉴定报告
record-spontaneous-information = 主动提供的信息
record-shared-draft = 共享草稿
record-draft-comment = 草稿意见
record-ack = 收讫确认
record-info-request = 问题
record-info-reply = 答复
record-decision = 决定
record-notice = 通知
record-status = 进展通知
record-postponement = 推迟
record-undertaking = 承诺
record-receipt-confirmation = 收件确认
record-execution-report = 执行报告
record-custody-note = 保管记录
record-consultation-minutes = 磋商记录
record-breach-notice = 泄露事件通知
record-cost-note = 费用说明
record-destruction-certificate = 销毁证明
record-emergency-callback = 回拨核实记录
record-expost-validation = 事后核准
record-hearing-notice = 听证文书
record-onward-consent = 转交同意书
record-out-of-band-media = 载体上的数据
record-record-correction = 记录更正
record-remedy = 救济申请
record-return-certificate = 归还证明
record-use-consent = 其他用途同意书
record-violation = 正文与报头矛盾通知
record-wrong-subject-recall = 因主体错误召回

# What is asked.
request-preservation = 保全已存储数据
request-traffic-partial = 显示通信路径的流量数据
request-stored-data = 已存储的计算机数据
request-spontaneous = 主动提供信息
request-domain-data = 域名注册人
request-provider-direct = 服务商提供的用户信息
request-order-production = 执行提供令
request-emergency-disclosure = 紧急情况下的披露
request-emergency-assistance = 紧急情况下的协助
request-video-hearing = 视频询问
request-telephone-hearing = 电话询问
request-testimony = 取证（证言）
request-voluntary-statement = 自愿陈述
request-bank-records = 银行记录
request-bank-accounts = 个人银行账户
request-corporate-records = 公司记录
request-authority-items = 公共机构文件
request-search-seizure = 搜查和扣押
request-freeze-confiscate = 冻结和没收
request-trace-proceeds = 追查所得
request-locate = 查找人或物
request-service = 送达文书
request-appearance = 出庭邀请
request-custody-transfer = 移交在押人员
request-expert-opinion = 专家鉴定
request-jit = 联合侦查组
request-record-extract = 犯罪记录摘录
request-identification = 身份识别
request-status-check = 向登记册查询一项
request-attest = 属性证明
request-correction = 更正
request-provisional = 临时措施
request-epoc-identification = 欧洲提供令：识别
request-epoc-production = 欧洲提供令
request-epoc-preservation = 欧洲保全令

# Purposes.
purpose-criminal-investigation = 刑事侦查
purpose-criminal-proceedings = 刑事诉讼
purpose-execution-of-sentence = 刑罚执行
purpose-age-proof = 年龄证明
purpose-identity-verification = 身份核验
purpose-residence-status-proof = 居留身份证明
purpose-address-confirmation = 地址确认

# Attributes.
attribute-family-name = 姓
attribute-given-name = 名
attribute-birth-date = 出生日期
attribute-over-18 = 年满 18 岁
attribute-over-20 = 年满 20 岁
attribute-residence-country = 居住国
attribute-document-validity = 证件有效性
