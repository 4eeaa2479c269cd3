# The scope of a request, for who validates it.
# review: pending
scope-title = 请求范围
scope-validated = 已核准。两名官员可封存并发送。
scope-blocked = 尚不能核准：
scope-other = 由法官或检察官在此签署：请求所列人员登录本席位，在“草稿”中打开。
scope-caps = 条约限度
scope-cap-subjects = 最多 { $count } 个对象
scope-cap-days = 最多 { $count } 天
scope-cap-use = 仅限所述程序
scope-window = { $from } 至 { $to }（{ $days } 天）
scope-penalty = 最高 { $months } 个月
scope-reasons = 其依据
scope-limit = 限制此措施
scope-limit-how = 取消不允许的项目并缩短天数。此处不能扩大范围。请求将如此保存，并在您签署前再次显示。
scope-limit-go = 如此限制
scope-limit-wrong = 至少保留一种记录和一个对象，日期须在所请求的范围内。
scope-keep = 允许此措施
scope-from = 起
scope-to = 止
scope-sign-what = 您签署的是整个请求，本页显示其范围。任何改动都需要您重新签署。
scope-sign = 核准并签署
scope-back = 退回草稿
scope-back-how = 草稿连同您的理由退回起草人。发送前须重新核准。
scope-back-reasons = 须重写的内容及理由
scope-back-go = 退回
scope-back-missing = 请说明须重写的内容及理由。
