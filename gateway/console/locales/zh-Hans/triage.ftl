# A request that came: the first look, the acceptance, questions.
# review: pending
triage-title = 请求初审
triage-from = 来自
triage-next = 可进行的下一步
triage-what = 请求内容及依据条款
triage-who = 请求方
triage-why = 理由与紧急程度
triage-there = 对方当地时间
triage-missing = 缺少什么
triage-nothing-missing = 按条约和本国规则，没有缺失。
triage-dual = 声明在两国均构成犯罪
triage-no-dual = 未声明在两国均构成犯罪
triage-request = 阅读完整请求
triage-open = 查看请求

# To accept in one act.
accept-then = 然后以同一口令
accept-then-what = 先开始审查。两个关口一经接纳，即代您签署以下内容，别无其他。

# Templates of questions.
ask-templates = 使用模板
ask-facts = 事实不完整
ask-identity = 无法确定人员或账户
ask-offence = 罪行或刑罚不明
ask-custodian = 数据持有者不明
ask-translation = 缺少译文或译文不清
ask-decision = 司法决定不明
ask-text-facts = 请补充事实：何人涉嫌何种行为，何时何地实施，以及所请求的记录与之有何关联。
ask-text-identity = 您所指明的对象在我方对应多人或多个账户，或没有对应。请提供可资区分的信息，例如出生日期、账户的准确地址，或含时区的时刻。
ask-text-offence = 请提供条文内容和最高刑罚，并说明何种行为符合该条。
ask-text-custodian = 我方未能查明数据持有者。请说明服务商或保管者的名称及其地址或系统所在地。
ask-text-translation = 请提供经认证的请求译文，或尚未翻译部分的译文。
ask-text-decision = 请说明由哪个法院或检察机关、何时、以何编号、依据何种法律作出决定。
