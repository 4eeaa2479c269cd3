# review: pending
hearing-times = 候補日時
hearing-number = 番号
hearing-both = 双方の時計
hearing-both-none = 日付と時刻を記入し、次に進む前に双方の時計で確認してください。
hearing-show = 双方の時計で表示
hearing-not-office = 執務時間外
hearing-slot-line = { $times }、{ $minutes }分
hearing-by = 提案国
hearing-office = 執務時間は月曜から金曜の8時から18時とみなす。休日は考慮しない。
hearing-stages = 進み具合
hearing-done = 済み
hearing-not-yet = 未了
hearing-signed = 調書に署名した国:
hearing-minutes = 署名前に読むため調書を保存する
hearing-yes = はい
hearing-no = いいえ
