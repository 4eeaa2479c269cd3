# review: pending
sign-in-title = 登录
sign-in-officer = 承办人
sign-in-officer-hint = 您在承办人文件夹中的名称，例如 officer-1。
sign-in-passphrase = 口令
sign-in-passphrase-hint = 您本人密钥的口令。仅用于证明身份，不予保存。
sign-in-enter = 登录
sign-in-ended = 您的会话已结束。
sign-in-kept = 未执行任何操作，您所填内容已保留：请登录后继续。
go-on-title = 您已登录
go-on-what = 您所填内容已保留，尚未发送。
go-on-button = 继续
led-here-title = 前往控制台
