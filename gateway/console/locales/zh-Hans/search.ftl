# review: pending
search-title = 搜索
search-what = 搜索编号、参考号、机关、条款、类型、状态和日期。不会打开任何密封内容。
search-words = 关键词
search-words-hint = 须全部匹配，例如：FR:central stored_data
search-any = 全部
search-from = 变更自
search-to = 至
search-do = 搜索
search-found = 结果
search-told = 在查看的 { $looked } 个案件和草稿中找到 { $found } 个。
search-on = 在更早的案件中继续搜索
