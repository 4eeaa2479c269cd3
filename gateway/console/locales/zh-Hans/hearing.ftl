# review: pending
hearing-times = 候选时间
hearing-number = 编号
hearing-both = 双方时间
hearing-both-none = 填写日期和时间，继续前请按双方时间查看。
hearing-show = 按双方时间显示
hearing-not-office = 非办公时间
hearing-slot-line = { $times }，{ $minutes } 分钟
hearing-by = 提议方
hearing-office = 办公时间按周一至周五 8 至 18 时计，不考虑节假日。
hearing-stages = 进展
hearing-done = 已完成
hearing-not-yet = 尚未
hearing-signed = 笔录签署方：
hearing-minutes = 下载笔录以便签署前阅读
hearing-yes = 是
hearing-no = 否
