# review: pending
search-title = 検索
search-what = 番号・参照・当局・条文・種類・状態・日付を検索する。封緘された内容は開かない。
search-words = 語句
search-words-hint = 全ての語を含むもの。例: FR:central stored_data
search-any = 全て
search-from = 変更日(から)
search-to = (まで)
search-do = 検索する
search-found = 結果
search-told = 調べた{ $looked }件の事件と草案のうち{ $found }件。
search-on = さらに古い事件を検索
