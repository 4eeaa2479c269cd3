# The scope of a request, for who validates it.
# review: pending
scope-title = 要請の範囲
scope-validated = 承認済みです。担当官二名で封緘して送付できます。
scope-blocked = まだ承認できません：
scope-other = ここでは裁判官または検察官が署名します。要請に記載された者がこのデスクにサインインし、「下書き」から開きます。
scope-caps = 条約の上限
scope-cap-subjects = 対象は { $count } 件まで
scope-cap-days = { $count } 日まで
scope-cap-use = 記載の手続に限る
scope-window = { $from } ～ { $to }（{ $days } 日間）
scope-penalty = 最長 { $months } か月
scope-reasons = その根拠
scope-limit = この措置を限定する
scope-limit-how = 認めないものの選択を外し、期間を短くしてください。ここで範囲を広げることはできません。保存後、署名の前にもう一度表示されます。
scope-limit-go = このように限定する
scope-limit-wrong = 記録の種類と対象を少なくとも一つずつ残し、求められた期間内の日付にしてください。
scope-keep = この措置を認める
scope-from = 始期
scope-to = 終期
scope-sign-what = 署名は要請の全体に及びます。この頁はその範囲を示しています。一語でも変えれば改めて署名が必要です。
scope-sign = 承認して署名する
scope-back = 差し戻す
scope-back-how = 下書きは理由を付けて作成者に戻ります。送付の前に改めて承認が必要です。
scope-back-reasons = 書き直す点とその理由
scope-back-go = 差し戻す
scope-back-missing = 書き直す点とその理由を記入してください。
